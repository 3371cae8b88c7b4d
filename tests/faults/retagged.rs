//! Two images that take turns under one name, as a new build takes the place of an old one.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::sandbox::{docker, own_image, run};

/// The images. They go with the value.
pub(crate) struct Retagged {
    repository: String,
}

impl Retagged {
    pub(crate) fn new(stack: &str) -> Self {
        let images = Self { repository: format!("{stack}-image") };
        for turn in ["odd", "even"] {
            let mut build = Command::new("docker");
            build.args(["build", "--quiet", "--tag", &images.tag(turn), "-"]).env("DOCKER_BUILDKIT", "0");
            let mut build =
                build.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("docker starts");
            let file = format!("FROM {}\nLABEL turn={turn}\n", own_image());
            build.stdin.take().expect("piped").write_all(file.as_bytes()).expect("docker reads it");
            assert!(build.wait().expect("it ends").success(), "the image could not be built");
        }
        images.turn();
        images
    }

    fn tag(&self, tag: &str) -> String {
        format!("{}:{tag}", self.repository)
    }

    /// What the stack file says.
    pub(crate) fn reference(&self) -> String {
        self.tag("now")
    }

    /// Gives the name to the other one.
    pub(crate) fn turn(&self) {
        let id =
            |tag: &str| run(Command::new("docker").args(["inspect", "--format", "{{.Id}}", &self.tag(tag)])).stdout;
        let next = if id("now") == id("odd") { "even" } else { "odd" };
        docker(&["tag", &self.tag(next), &self.reference()]);
    }
}

impl Drop for Retagged {
    fn drop(&mut self) {
        // The stack that still uses one of them goes later: its containers keep what they need.
        for tag in ["odd", "even", "now"] {
            run(Command::new("docker").args(["rmi", "--force", &self.tag(tag)]));
        }
    }
}
