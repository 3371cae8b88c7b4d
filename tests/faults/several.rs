//! Work on containers that do not wait for each other is done several at a time.

use std::time::Duration;

use crate::stage::Stage;

#[test]
fn containers_are_started_and_stopped_several_at_a_time() {
    let stage = Stage::new("apps: { web: { image: stackctl/self, command: [demo, accesslog], scale: 4 } }\n");
    for (arguments, call) in [(&["up", "--no-wait"][..], "/start"), (&["down"], "/stop")] {
        stage.proxy.slow(call, Duration::from_secs(2));
        let run = stage.bounded(arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let (most, calls) = (stage.proxy.most_at_once(), stage.proxy.calls());
        assert!(calls.iter().filter(|line| line.contains(call)).count() >= 5, "{calls:#?}");
        assert!(most >= 3, "{most} calls of {call} at once: {calls:#?}");
    }
}
