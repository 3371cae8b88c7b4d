//! Work on containers that do not wait for each other is done several at a time.

use std::net::TcpListener;
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

/// Two apps exchange their ports. The second one has the first one's before the first one fails, and is not known to have
/// started by then.
#[test]
fn those_that_exchange_their_ports_are_both_as_they_were_though_one_fails_while_the_other_starts() {
    let [first, second] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [first, second] = [first, second].map(|held| held.local_addr().expect("it is bound").port());
    let apps = |first: u16, second: u16, rest: &str| {
        format!(
            "apps:\n  one: {{ image: stackctl/self, command: [demo, iotd], ports: [\"{first}:80\"]{rest} }}\n  \
             two: {{ image: stackctl/self, command: [demo, iotd], ports: [\"{second}:80\"] }}\n"
        )
    };
    let stage = Stage::new(&apps(first, second, ""));
    stage.ok(&["up", "--no-wait"]);
    let ids = || ["one", "two"].map(|app| stage.stack.running(app));
    let before = ids();
    stage.stack.write(&apps(second, first, ", entrypoint: [/no-such-program]"));
    stage.proxy.slow("-one-1", Duration::from_millis(300));
    stage.proxy.late("/start", Duration::from_secs(5));
    let up = stage.bounded(&["up", "--no-wait"]);
    assert_eq!(up.code, 1, "{}", up.stderr);
    assert_eq!(ids(), before, "{}", up.stderr);
    assert!(up.stderr.contains("comes back with those that were replaced together with it"), "{}", up.stderr);
}
