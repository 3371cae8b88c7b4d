//! Cases that Prometheus' own lexer decides, as a table, and properties that hold for any text.

use proptest::prelude::*;

use super::*;

fn accepted(text: &str, samples: u64) {
    match parse(text, Format::Text) {
        Ok(summary) => assert_eq!(summary.samples, samples, "{text:?}"),
        Err(error) => panic!("{text:?} was refused: {error}"),
    }
}

fn refused(text: &str, line: usize) {
    let error = parse(text, Format::Text).expect_err(text);
    assert_eq!(error.line, line, "{text:?}: {error}");
}

#[test]
fn text_that_prometheus_accepts_is_accepted() {
    for (text, samples) in [
        ("", 0),
        ("\n\n  \n", 0),
        ("up 1", 1),
        ("up 1\n", 1),
        ("up\t1\t1700000000000\n", 1),
        ("up   1  1700000000000  \n", 1),
        ("  {\"up\"} 1\n  # TYPE up gauge\n", 1),
        ("up{a=\"b\"}1\n", 1),
        ("up {a=\"b\"} 1\n", 1),
        ("up { a = \"b\" , c = \"d\" , } 1\n", 1),
        ("up{a=\"b\" c=\"d\"} 1\n", 1),
        ("up{} 1\n", 1),
        ("up{path=\"C:\\\\dir\",quote=\"\\\"\",line=\"\\n\"} 1\n", 1),
        ("up{line=\"one\ntwo\"} 1\n", 1),
        ("up{brace=\"}\",comma=\",\"} 1\n", 1),
        ("up{stadt=\"Zürich\"} 1\n", 1),
        ("a NaN\nb +Inf\nc -Inf\nd 1e10\ne .5\nf 5.\ng inf\nh infinity\n", 8),
        ("{\"metric.with.dots\",\"label.with.dots\"=\"x\"} 1\n", 1),
        ("{a=\"b\",\"metric.with.dots\"} 1\n", 1),
        ("# a comment\n#another\n#\nup 1\n", 1),
        ("# HELP up\n# HELP up with \\n words\n# HELP\nup 1\n", 1),
        ("#\tTYPE\tup\tgauge\nup 1\n", 1),
        ("# TYPE up gauge\n# TYPE up gauge\nup 1\nup 1\n", 2),
        ("namespace:metric:rate5m 1\n", 1),
        ("# TYPE \"metric.with.dots\" counter\n", 0),
    ] {
        accepted(text, samples);
    }
}

#[test]
fn text_that_prometheus_refuses_is_refused_with_its_line() {
    for (text, line) in [
        ("<html>\n", 1),
        ("\n  up 1\n", 2),
        ("foo abc\n", 1),
        ("up 1\nup\n", 2),
        ("up 1\n\n# fine\n1up 1\n", 4),
        ("up 1 2 3\n", 1),
        ("up 1 -5\n", 1),
        ("up 1 12a\n", 1),
        ("up 1 99999999999999999999\n", 1),
        ("up 1\r\n", 1),
        ("up 0x1F\n", 1),
        ("up 1_000\n", 1),
        ("up 1e999\n", 1),
        ("up +nan\n", 1),
        ("up{a=\"b\",a=\"c\"} 1\n", 1),
        ("up{__name__=\"other\"} 1\n", 1),
        ("up{a-b=\"c\"} 1\n", 1),
        ("up{1a=\"c\"} 1\n", 1),
        ("up{a=b} 1\n", 1),
        ("up{a=\"b} 1\n", 1),
        ("up{a=\"b\"\n} 1\n", 1),
        ("up{,a=\"b\"} 1\n", 1),
        ("up{a} 1\n", 1),
        ("up{\"again\"} 1\n", 1),
        ("{} 1\n", 1),
        ("{a=\"b\"} 1\n", 1),
        ("{\"\"} 1\n", 1),
        ("metric-with-dash 1\n", 1),
        ("# TYPE up gaugge\n", 1),
        ("# TYPE up gauge \n", 1),
        ("# TYPE up info\n", 1),
        ("# TYPE up\n", 1),
        ("# HELP 1up text\n", 1),
        ("{\"json\": true}\n", 1),
        ("[]\n", 1),
    ] {
        refused(text, line);
    }
}

#[test]
fn open_metrics_that_prometheus_accepts_is_accepted() {
    let text = "# HELP requests Requests.\n# TYPE requests counter\n# UNIT latency_seconds seconds\n\
                requests_total{code=\"200\"} 5 1700000000.123 # {trace_id=\"abc\"} 0.67 1700000000\n\
                requests_total{code=\"500\"} 0 # {} 1\n{\"utf.8\"} 1\n# TYPE state stateset\n# EOF";
    let summary = parse(text, Format::OpenMetrics).expect("it is well formed");
    assert_eq!(summary.samples, 3);
    assert_eq!(summary.families.first(), Some(&Family { name: "requests".into(), kind: "counter".into() }));
    assert_eq!(parse("# EOF\n", Format::OpenMetrics), Ok(Summary::default()));
}

#[test]
fn open_metrics_that_prometheus_refuses_is_refused_with_its_line() {
    for (text, line) in [
        ("", 1),
        ("up 1\n", 2),
        ("up 1", 1),
        ("\nup 1\n# EOF\n", 1),
        ("up  1\n# EOF\n", 1),
        ("up\t1\n# EOF\n", 1),
        ("up 1 \n# EOF\n", 1),
        ("up 1\n# a comment\n# EOF\n", 2),
        ("up{a=\"b\" c=\"d\"} 1\n# EOF\n", 1),
        ("up{a=\"b\", c=\"d\"} 1\n# EOF\n", 1),
        ("up {a=\"b\"} 1\n# EOF\n", 1),
        ("up{a=\"x\ny\"} 1\n# EOF\n", 1),
        ("up 1 NaN\n# EOF\n", 1),
        ("up 1 # {a=\"b\"}\n# EOF\n", 1),
        ("up 1 # {\"b\"} 1\n# EOF\n", 1),
        ("# TYPE up untyped\n# EOF\n", 1),
        ("# UNIT up seconds\n# EOF\n", 1),
        ("# TYPE up\n# EOF\n", 1),
        ("# EOF\nup 1\n", 2),
    ] {
        let error = parse(text, Format::OpenMetrics).expect_err(text);
        assert_eq!(error.line, line, "{text:?}: {error}");
    }
}

#[test]
fn a_body_that_is_not_utf_8_is_refused_at_its_line() {
    let error = parse_bytes(b"up 1\nup{a=\"\xff\"} 1\n", Format::Text).expect_err("0xff is never UTF-8");
    assert_eq!(error.line, 2);
}

#[test]
fn an_error_quotes_what_was_found() {
    let message = |text| parse(text, Format::Text).expect_err("it is malformed").to_string();
    assert_eq!(message("foo abc\n"), "line 1: `abc` is not a number");
    assert_eq!(message("ok 1\n<html>\n"), "line 2: expected a metric name, found `<html>`");
    assert_eq!(message("up\n"), "line 1: expected a value, found the end of the line");
    assert_eq!(message("up{a=\"1\",a=\"2\"} 1\n"), "line 1: label `a` stands twice");
}

#[test]
fn content_types_are_told_apart_as_prometheus_does() {
    for (header, expected) in [
        ("text/plain", ContentType::Text004),
        ("text/plain;", ContentType::Text004),
        ("Text/Plain; version=0.0.4; charset=utf-8", ContentType::Text004),
        ("text/plain; version=\"1.0.0\"; escaping=allow-utf-8", ContentType::Text1),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", ContentType::OpenMetrics),
        ("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily", ContentType::Protobuf),
    ] {
        assert_eq!(content_type(Some(header)), expected, "{header}");
    }
    for header in
        ["application/json", "text/html; charset=utf-8", "text", "text/plain; version", "text/plain version=1"]
    {
        assert_eq!(content_type(Some(header)), ContentType::Unsupported(header.to_owned()));
    }
    assert_eq!(content_type(None), ContentType::Missing);
    assert_eq!(content_type(Some("")), ContentType::Missing);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        let _ = parse(&text, Format::Text);
        let _ = parse(&text, Format::OpenMetrics);
        let _ = content_type(Some(&text));
    }

    #[test]
    fn text_made_of_the_grammars_own_pieces_never_panics(text in "([a-z]|[{}\"\\\\,=# \t\n]|TYPE |HELP |# EOF|ü|1e5){0,60}") {
        let _ = parse(&text, Format::Text);
        let _ = parse(&text, Format::OpenMetrics);
    }

    #[test]
    fn any_label_value_can_be_written_and_read(value in any::<String>()) {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let sample = format!("up{{value=\"{escaped}\"}} 1\n");
        prop_assert_eq!(parse(&sample, Format::Text).map(|summary| summary.samples), Ok(1));
        prop_assert_eq!(parse(&format!("{sample}# EOF\n"), Format::OpenMetrics).map(|summary| summary.samples), Ok(1));
    }
}
