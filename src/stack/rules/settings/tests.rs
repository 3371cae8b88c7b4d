//! Values on both sides of each border, tried with `docker create` and `docker start` on Engine 20.10, 26.1 and 28.5.

use super::*;

#[test]
fn signals_are_numbers_and_names_with_and_without_their_first_three_letters() {
    for text in [
        "",
        "SIGTERM",
        "TERM",
        "sigterm",
        "15",
        "64",
        "SIGRTMIN",
        "SIGRTMIN+3",
        "RTMIN+15",
        "RTMAX-14",
        "SIGCLD",
        "IOT",
    ] {
        assert!(is_signal(text), "{text}");
    }
    for text in
        ["0", "SIGFOO", " SIGTERM", "SIGUNUSED", "SIGEMT", "RTMIN+16", "RTMIN+", "RTMAX-15", "SIGSIGTERM", "15s"]
    {
        assert!(!is_signal(text), "{text}");
    }
}

#[test]
fn users_are_names_or_numbers_that_a_container_can_count() {
    for text in ["", "root", "nobody", "1000:1000", "65534", "2147483647", ":0", "0:", ":", "a:b:c", "+1", "a-b", "$x"]
    {
        assert_eq!(wrong_user(text), None, "{text}");
    }
    for text in ["-1", "0:-1", "2147483648", "0:2147483648", "99999999999999999999", "1 0", "root ", "\n", "0\t", "a\0"]
    {
        assert!(wrong_user(text).is_some(), "{text}");
    }
}

#[test]
fn a_container_has_its_own_network_its_own_messages_and_nothing_else_of_the_kernel() {
    let own = ContainerSettings::default();
    let host = ContainerSettings { network_mode: Some("host".to_owned()), ..ContainerSettings::default() };
    for name in [
        "net.core.somaxconn",
        "net/core/somaxconn",
        "net.ipv4.ip_forward",
        "kernel.sem",
        "kernel.msgmax",
        "fs.mqueue.msg_max",
    ] {
        assert_eq!(wrong_parameter(name, &own), None, "{name}");
        assert_eq!(wrong_parameter(name, &host).is_some(), name.starts_with("net"), "{name}");
    }
    for name in
        ["", "foo", "vm.max_map_count", "fs.file-max", "kernel.pid_max", "kernel.hostname", "user.max_user_namespaces"]
    {
        assert!(wrong_parameter(name, &own).is_some(), "{name}");
    }
}

#[test]
fn security_options_are_words_that_the_engine_knows_with_values_that_it_reads() {
    for option in [
        "no-new-privileges",
        "no-new-privileges:true",
        "no-new-privileges=false",
        "no-new-privileges:1",
        "seccomp:unconfined",
        "seccomp=builtin",
        "seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
        // What is in the file is looked at when it is read.
        "seccomp:./profile.json",
        "systempaths=unconfined",
        "apparmor:docker-default",
        "apparmor=unconfined",
        "label:disable",
        "label=user:u",
        "label=level:s0:c1",
        "disable",
        "writable-cgroups=true",
    ] {
        assert_eq!(wrong_security_option(option), None, "{option}");
    }
    for option in [
        "",
        "foo",
        "foo=bar",
        "label",
        "apparmor",
        "seccomp",
        "no-new-privileges:yes",
        "no-new-privileges:",
        "seccomp=",
        "seccomp: ",
        "seccomp={\"defaultAction\":\"SCMP_ACT_FOO\"}",
        "seccomp={not",
        "systempaths=hidden",
        "systempaths:unconfined",
        "credentialspec=file://x",
    ] {
        assert!(wrong_security_option(option).is_some(), "{option}");
    }
}

#[test]
fn platforms_are_one_known_word_or_up_to_three() {
    for text in [
        "",
        "linux/amd64",
        "linux/arm64/v8",
        "linux",
        "amd64",
        "x86_64",
        "LINUX/AMD64",
        "foo/bar",
        "windows(10.0.1)/amd64",
    ] {
        assert!(is_platform(text), "{text}");
    }
    for text in ["foo", "a/b/c/d", "linux/", "/", "linux amd64", "linux/amd64/", "linux,amd64", "%20"] {
        assert!(!is_platform(text), "{text}");
    }
}

#[test]
fn the_soft_limit_is_compared_as_the_kernel_counts() {
    for (soft, hard) in [(1, 1), (1, 2), (0, 0), (-1, -1), (100, -1), (-3, -1)] {
        assert!(!soft_is_above_hard(Ulimit { soft, hard }), "{soft}:{hard}");
    }
    for (soft, hard) in [(2, 1), (-1, 100), (-5, 100)] {
        assert!(soft_is_above_hard(Ulimit { soft, hard }), "{soft}:{hard}");
    }
}
