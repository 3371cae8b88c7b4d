//! What `stackctl` does when it is killed, when the engine misbehaves, and when others work on the same stack: all on the
//! real engine, through a proxy that counts calls and spoils the one that a test names.
//!
//! `cargo test --test faults` tries some calls of each kind of work. `STACKCTL_FAULTS=all cargo test --test faults --
//! --nocapture --test-threads 2` tries every one and prints the figures (`STACKCTL_FAULTS=3`: every third), which `BLESS=1`
//! writes into `docs/faults.md`.

mod answers;
mod crash;
mod figure;
mod proxy;
mod retagged;
#[path = "../docker/sandbox.rs"]
#[allow(dead_code, reason = "each test program compiles this file for itself and uses a part of it")]
mod sandbox;
mod several;
mod stage;
mod together;
mod unfit;

/// Every so many calls: each one for `STACKCTL_FAULTS=all`, every third one for `STACKCTL_FAULTS=3`.
fn stride(usual: usize) -> usize {
    match std::env::var("STACKCTL_FAULTS") {
        Ok(wish) if wish == "all" => 1,
        Ok(wish) => wish.parse().ok().filter(|stride| *stride > 0).expect("STACKCTL_FAULTS is `all` or a number"),
        Err(_) => usual,
    }
}

/// Which of the calls were tried, in words.
fn tried(stride: usize) -> String {
    if stride == 1 { "every call".to_owned() } else { format!("one call in {stride}") }
}
