//! Ports in all their forms.

use super::*;

fn shown(text: &str) -> Vec<String> {
    let ports = text.parse::<Ports>().unwrap().0;
    let host = |port: &Port| port.host_ports().unwrap_or("free".to_owned());
    ports
        .iter()
        .map(|port| format!("{} {} {}/{}", port.host_ip, host(port), port.container_port, port.protocol))
        .collect()
}

#[test]
fn the_short_forms_are_read() {
    assert_eq!(shown("80"), ["127.0.0.1 free 80/tcp"]);
    assert_eq!(shown("8080:80"), ["127.0.0.1 8080 80/tcp"]);
    assert_eq!(shown("0.0.0.0:8080:80"), ["0.0.0.0 8080 80/tcp"]);
    assert_eq!(shown("[::1]:8080:80"), ["::1 8080 80/tcp"]);
    assert_eq!(shown("[::ffff:0.0.0.0]:8080:80"), ["0.0.0.0 8080 80/tcp"], "it is what it stands for");
    assert_eq!(shown("127.0.0.1::80"), ["127.0.0.1 free 80/tcp"]);
    assert_eq!(shown("53:53/udp"), ["127.0.0.1 53 53/udp"]);
}

#[test]
fn a_star_is_every_address_of_both_families() {
    let port = "*:8080:80".parse::<Ports>().unwrap().0[0];
    assert!(port.every_family && port.host_ip.is_unspecified() && port.fixed_host_port() == Some(8080));
    assert_eq!(port.address(), "*");
    assert!("*::80".parse::<Ports>().unwrap().0[0].every_family);
    assert!(!"0.0.0.0:8080:80".parse::<Ports>().unwrap().0[0].every_family);
    assert_eq!("[::]:8080:80".parse::<Ports>().unwrap().0[0].address(), "[::]");
    assert!("*:80".parse::<Ports>().unwrap().0[0].every_family, "a free port, as after an address");
    assert!("*".parse::<Ports>().is_err());
}

#[test]
fn ranges_are_spread_out() {
    assert_eq!(shown("8000-8001:80-81"), ["127.0.0.1 8000 80/tcp", "127.0.0.1 8001 81/tcp"]);
    assert_eq!(shown("65534-65535:65534-65535").len(), 2);
    assert_eq!(shown("1-65535").len(), 65535);
}

#[test]
fn one_port_of_the_container_may_have_several_of_the_host_to_choose_from() {
    assert_eq!(shown("8000-8010:80"), ["127.0.0.1 8000-8010 80/tcp"]);
    assert_eq!(shown("0.0.0.0:8000-8010:80/udp"), ["0.0.0.0 8000-8010 80/udp"]);
    assert_eq!(shown("8000-8000:80"), ["127.0.0.1 8000 80/tcp"], "a range of one is no choice");
    let port = "8000-8010:80".parse::<Ports>().unwrap().0[0];
    assert_eq!((port.fixed_host_port(), port.choice()), (None, Some(8000..=8010)));
    let port = "8000:80".parse::<Ports>().unwrap().0[0];
    assert_eq!((port.fixed_host_port(), port.choice()), (Some(8000), None));
}

#[test]
fn a_protocol_is_read_as_compose_reads_it() {
    assert_eq!(shown("80/TCP"), ["127.0.0.1 free 80/tcp"]);
    assert_eq!(shown("53:53/Udp"), ["127.0.0.1 53 53/udp"]);
    assert_eq!(shown("3868:3868/sctp"), ["127.0.0.1 3868 3868/sctp"]);
    for text in ["80/TCP", "80-82/udp", "80/sctp", "80"] {
        assert!(text.parse::<Exposed>().is_ok(), "{text}");
    }
    assert!("80/icmp".parse::<Exposed>().is_err());
}

/// What was started with an earlier stackctl is not replaced for a field that it had not.
#[test]
fn a_fixed_port_is_written_as_ever() {
    let port = serde_json::to_value("8000:80".parse::<Ports>().unwrap().0[0]).unwrap();
    let expected =
        serde_json::json!({ "host_ip": "127.0.0.1", "host_port": 8000, "container_port": 80, "protocol": "Tcp" });
    assert_eq!(port, expected);
}

#[test]
fn what_is_no_port_is_refused() {
    for text in [
        "",
        ":",
        "0",
        "70000",
        "80:",
        "a:80",
        "1:2:3:4",
        "80/icmp",
        "5-3",
        "1-3:1-2",
        "8000-8002:80-81",
        "-80",
        "1.2.3:80:80",
    ] {
        assert!(text.parse::<Ports>().is_err(), "{text}");
    }
}
