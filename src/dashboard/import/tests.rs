//! Files of every age, as values.

use serde_json::json;

use super::{ImportError, Imported, import, text_of};
use crate::dashboard::{AutoInterval, Color, PanelKind, Repeat, Sorting, SortingKey, Span, Stacking, VariableSource};

fn read(json: &serde_json::Value) -> Imported {
    import(&json.to_string(), "prometheus").expect("a dashboard")
}

fn refused(text: &str) -> ImportError {
    import(text, "prometheus").expect_err("no dashboard")
}

#[test]
fn a_shared_dashboard_gets_the_stacks_datasource_and_loses_what_is_anothers() {
    let imported = read(&json!({
        "__inputs": [
            { "name": "DS_PROMETHEUS", "type": "datasource", "pluginId": "prometheus" },
            { "name": "VAR_PREFIX", "type": "constant", "value": "shop" },
        ],
        "__requires": [], "id": 7, "version": 3, "uid": "shop", "title": "Shop",
        "panels": [
            { "type": "timeseries", "title": "By input", "datasource": "${DS_PROMETHEUS}",
              "targets": [{ "expr": "${VAR_PREFIX}_total", "datasource": { "type": "prometheus", "uid": "old" } }] },
            { "type": "timeseries", "title": "By name", "datasource": "Prometheus", "targets": [{ "expr": "up" }] },
            { "type": "timeseries", "title": "Default", "datasource": null, "targets": [{ "expr": "up" }] },
            { "type": "timeseries", "title": "Mixed", "datasource": "-- Mixed --", "targets": [{ "expr": "up" }] },
        ],
    }));
    let ours = json!({ "type": "prometheus", "uid": "prometheus" });
    assert_eq!(imported.json["panels"][0]["datasource"], ours);
    assert_eq!(imported.json["panels"][0]["targets"][0]["datasource"], ours);
    assert_eq!(imported.json["panels"][0]["targets"][0]["expr"], "shop_total");
    assert_eq!(imported.json["panels"][1]["datasource"], ours);
    assert_eq!(imported.json["panels"][2]["datasource"], json!(null));
    assert_eq!(imported.json["panels"][3]["datasource"], "-- Mixed --");
    for key in ["__inputs", "__requires", "id", "version"] {
        assert_eq!(imported.json.get(key), None, "{key}");
    }
    assert_eq!(imported.dashboard.uid, "shop");
    assert_eq!(imported.notes, Vec::<String>::new());
}

#[test]
fn a_file_keeps_its_time_and_refresh() {
    let read_with = |time: serde_json::Value, refresh: serde_json::Value| {
        let imported = read(&json!({ "title": "Shop", "panels": [], "time": time, "refresh": refresh }));
        assert_eq!(
            (&imported.json["time"], &imported.json["refresh"]),
            (&time, &refresh),
            "Grafana gets them as they are"
        );
        (imported.dashboard.time, imported.dashboard.refresh)
    };
    let span = |from: &str, to: &str| Some(Span { from: from.to_owned(), to: to.to_owned() });
    let never = Some(String::new());
    let six_hours = json!({ "from": "now-6h", "to": "now" });
    assert_eq!(read_with(six_hours.clone(), json!("1m")), (span("now-6h", "now"), Some("1m".to_owned())));
    assert_eq!(read_with(six_hours, json!(false)), (span("now-6h", "now"), never.clone()));
    let numbers = json!({ "from": 1_795_440_000_000_u64, "to": "now" });
    assert_eq!(read_with(numbers, json!("")), (span("1795440000000", "now"), never));
    assert_eq!(read_with(json!(null), json!("auto")), (None, None));
    assert_eq!(read_with(json!({ "from": "now-6h" }), json!(null)), (None, None));
}

#[test]
fn a_datasource_that_the_reader_chooses_stays_a_choice() {
    let imported = read(&json!({
        "title": "Choice",
        "templating": { "list": [{ "name": "ds", "type": "datasource", "query": "prometheus", "current": { "value": "x" } }] },
        "panels": [{ "type": "stat", "title": "Up", "datasource": { "type": "prometheus", "uid": "${ds}" },
                     "targets": [{ "expr": "up" }] }],
    }));
    assert_eq!(imported.json["panels"][0]["datasource"]["uid"], "${ds}");
    assert_eq!(imported.json["templating"]["list"][0]["current"]["value"], "prometheus");
}

#[test]
fn what_asks_another_kind_of_datasource_is_said() {
    let imported = read(&json!({
        "title": "Logs",
        "panels": [{ "type": "logs", "title": "Lines", "datasource": { "type": "loki", "uid": "l" },
                     "targets": [{ "expr": "{job=\"web\"}", "datasource": { "type": "loki", "uid": "l" } }] }],
    }));
    assert_eq!(imported.notes, ["`Lines` asks a datasource of the kind `loki`, which the stack does not have"]);
    assert!(imported.dashboard.rows[0].panels[0].queries.is_empty());
    assert_eq!(imported.json["panels"][0]["datasource"]["type"], "loki");
}

#[test]
fn old_graphs_and_single_numbers_in_rows_are_carried() {
    let imported = read(&json!({
        "title": "Old",
        "rows": [{ "title": "First", "showTitle": true, "height": "250px", "panels": [
            { "type": "graph", "title": "Graph", "span": 8, "stack": true, "yaxes": [{ "format": "bytes" }],
              "targets": [{ "expr": "a", "legendFormat": "{{job}}" }, { "expr": "b", "hide": true }] },
            { "type": "singlestat", "title": "Number", "span": 4, "format": "s", "thresholds": "5,10", "colorValue": true,
              "colors": ["green", "rgba(237, 129, 40, 0.89)", "red"], "targets": [{ "expr": "c" }] },
        ]}],
    }));
    let row = &imported.dashboard.rows[0];
    assert_eq!(row.title.as_deref(), Some("First"));
    let (graph, number) = (&row.panels[0], &row.panels[1]);
    assert_eq!((graph.kind.clone(), graph.width, graph.height), (PanelKind::Timeseries, 16, 7));
    assert_eq!((graph.unit.id(), graph.stacking, graph.queries.len()), ("bytes", Stacking::Normal, 1));
    assert_eq!((number.kind.clone(), number.unit.id()), (PanelKind::Stat, "s"));
    assert_eq!(number.color_of(7.0), Some(&Color::Custom("rgba(237, 129, 40, 0.89)".to_owned())));
    assert_eq!(number.color_of(1.0), Some(&Color::Green));
    assert_eq!(imported.notes, Vec::<String>::new());
}

#[test]
fn a_kind_that_needs_a_plugin_is_said() {
    let panel = json!({ "type": "flant-statusmap-panel", "title": "Map", "targets": [{ "expr": "up" }] });
    let imported = read(&json!({ "title": "Plugins", "panels": [panel] }));
    assert_eq!(imported.notes, ["`Map` is of the kind `flant-statusmap-panel`, which needs a plugin"]);
}

#[test]
fn rows_on_a_grid_hold_the_panels_below_them_or_their_own() {
    let panel = |title: &str, y: u32| json!({ "type": "stat", "title": title, "gridPos": { "x": 0, "y": y, "w": 6, "h": 4 }, "targets": [{ "expr": "up" }] });
    let imported = read(&json!({ "title": "Grid", "panels": [
        panel("second", 2), { "type": "row", "title": "Folded", "collapsed": true, "gridPos": { "y": 9 }, "panels": [panel("inner", 10)] },
        panel("first", 1), { "type": "row", "title": "Open", "gridPos": { "y": 6 }, "panels": [] }, panel("third", 7),
    ]}));
    let titles =
        |row: usize| imported.dashboard.rows[row].panels.iter().map(|panel| panel.title.as_str()).collect::<Vec<_>>();
    assert_eq!([titles(0), titles(1), titles(2)], [vec!["first", "second"], vec!["third"], vec!["inner"]]);
    assert!(imported.dashboard.rows[2].collapsed);
}

#[test]
fn variables_are_read_in_the_words_of_prometheus() {
    let imported = read(&json!({ "title": "Variables", "panels": [], "templating": { "list": [
        { "name": "job", "type": "query", "query": "label_values(up{env=\"a\",dc=\"b\"}, job)", "includeAll": true },
        { "name": "node", "type": "query", "query": { "query": "label_values(instance)" }, "current": { "value": "old:9100" } },
        { "name": "size", "type": "custom", "query": "small, large", "current": { "value": "large" } },
        { "name": "filters", "type": "adhoc" },
    ]}}));
    let variables = &imported.dashboard.variables;
    let label_values = |selector: &str, label: &str| VariableSource::LabelValues {
        selector: selector.to_owned(),
        label: label.to_owned(),
    };
    assert_eq!(variables[0].source, label_values("up{env=\"a\",dc=\"b\"}", "job"));
    assert_eq!(variables[1].source, label_values("", "instance"));
    assert_eq!(variables[1].default, ["old:9100"]);
    assert_eq!(variables[2].default, ["large"]);
    assert_eq!(imported.notes, ["variable `filters` of the kind `adhoc` is for Grafana alone"]);
}

#[test]
fn variables_keep_what_grafana_has_chosen_and_how_it_offers_them() {
    let imported = read(&json!({ "title": "Variables", "panels": [], "templating": { "list": [
        { "name": "job", "type": "query", "query": "label_values(up, job)", "includeAll": true, "allValue": "io.*",
          "sort": 2, "current": { "text": ["a", "b"], "value": ["a", "b"] } },
        { "name": "app", "type": "custom", "query": "The first : one, two,a\\,b", "hide": 1,
          "current": { "text": "The first", "value": "one" } },
        { "name": "length", "type": "interval", "query": "1m,5m", "auto": true, "auto_count": 50, "auto_min": "1m",
          "current": { "text": "auto", "value": "$__auto_interval_length" } },
        { "name": "old", "type": "interval", "query": "auto,1m", "hide": 2 },
        { "name": "fixed", "type": "constant", "query": "iotd" },
        { "name": "typed", "type": "textbox", "query": "" },
    ]}}));
    let [job, app, length, old, fixed, typed] = imported.dashboard.variables.as_slice() else { panic!("six") };
    assert_eq!((job.all_value.as_deref(), job.default.join(" ").as_str()), (Some("io.*"), "a b"));
    assert_eq!(job.sorting, Sorting { by: SortingKey::Letters, is_reversed: true });
    assert_eq!(app.source, VariableSource::Values(vec!["one".to_owned(), "two".to_owned(), "a,b".to_owned()]));
    assert_eq!((app.text_of("one"), app.text_of("two")), ("The first", "two"));
    assert_eq!(length.auto, Some(AutoInterval { count: 50, shortest: 60_000 }));
    assert_eq!(old.source, VariableSource::Interval(vec!["1m".to_owned()]));
    assert_eq!(old.auto, Some(AutoInterval::default()));
    let hidden: Vec<bool> = [job, app, length, old, fixed, typed].map(|one| one.hidden).to_vec();
    assert_eq!(hidden, [false, false, false, true, true, false]);
}

#[test]
fn the_envelopes_of_grafanas_api_are_opened() {
    for envelope in [
        json!({ "dashboard": { "title": "In", "panels": [] }, "meta": {} }),
        json!({ "apiVersion": "dashboard.grafana.app/v1", "kind": "Dashboard", "metadata": { "name": "in" },
                "spec": { "title": "In", "panels": [] } }),
    ] {
        assert_eq!(read(&envelope).dashboard.title, "In");
    }
    let newer = json!({ "apiVersion": "dashboard.grafana.app/v2", "spec": { "title": "In", "elements": {} } });
    assert!(refused(&newer.to_string()).message.contains("newer format"));
}

#[test]
fn what_is_no_dashboard_is_refused_with_the_place() {
    let error = refused("{\n  \"title\": \"A\",\n  \"panels\": [,]\n}");
    assert_eq!((error.line, error.column), (3, 14));
    assert!(error.to_string().starts_with("line 3, column 14: not JSON"), "{error}");
    for text in ["[]", "3", "", "{}", "{\"panels\": []}", "{\"title\": \"  \"}"] {
        assert!(!refused(text).message.is_empty(), "{text}");
    }
    for (text, message) in [
        ("[5]", "a dashboard is a map, and this is none"),
        ("{\"title\": \"B\"}", "it has no panels"),
        ("{\"title\": \"B\", \"panels\": \"x\"}", "its `panels` are no list"),
        ("{\"title\": \"B\", \"rows\": {}}", "its `rows` are no list"),
    ] {
        assert_eq!(refused(text).message, message, "{text}");
    }
    for text in ["{\"title\": \"B\", \"panels\": null}", "{\"title\": \"B\", \"panels\": []}"] {
        let empty = import(text, "prometheus").expect("nothing was put on it yet");
        assert!(empty.dashboard.panels().next().is_none() && empty.notes.is_empty(), "{empty:?}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_called_what_they_are() {
    let said = |bytes: &[u8]| text_of(bytes).expect_err("it is no JSON").to_string();
    let wide: Vec<u8> = "{\"title\": 1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(said(&wide), "it is UTF-16");
    assert_eq!(said(&[&[0xfe, 0xff], &wide[..]].concat()), "it is UTF-16");
    let latin = said(b"{\n  \"title\": \"Caf\xe9\"\n}");
    assert_eq!(latin, "line 2, column 16: the byte 0xe9 is not UTF-8, as if this were Latin-1 or Windows-1252");
    assert_eq!(text_of("\u{feff}{\"é\": 0}".as_bytes()).expect("it is UTF-8"), "{\"é\": 0}");
}

#[test]
fn what_is_of_a_wrong_type_is_named_with_its_path() {
    let panel = json!({
        "type": "stat", "title": "P", "gridPos": "x", "fieldConfig": { "defaults": { "unit": 5, "max": null } },
        "options": 5, "targets": [{ "expr": "up", "legendFormat": 5 }, 7], "repeat": "nosuch",
    });
    let imported = read(&json!({
        "title": "Types", "tags": "x", "templating": { "list": [{ "name": "a", "type": "query", "query": 5 }] },
        "panels": [{ "type": "row", "title": "R", "panels": [panel] }, null, { "type": 5, "title": "Number" }, { "title": "None" }],
    }));
    let expected = [
        "`tags` is a text, where a list belongs",
        "`templating.list[0].query` is a number, where a text or a map belongs",
        "`panels[0].panels[0].gridPos` is a text, where a map belongs",
        "`panels[0].panels[0].options` is a number, where a map belongs",
        "`panels[0].panels[0].targets[0].legendFormat` is a number, where a text belongs",
        "`panels[0].panels[0].targets[1]` is a number, where a map belongs",
        "`panels[0].panels[0].fieldConfig.defaults.unit` is a number, where a text belongs",
        "`panels[1]` is null, where a map belongs",
        "`panels[2].type` is a number, where a text belongs",
        "`None` does not say of which kind it is: it has no `type`",
        "panel `P` is repeated for the variable `nosuch`, which the dashboard does not have",
    ];
    assert_eq!(imported.notes, expected);
    let whole = read(&json!({ "title": "Whole", "templating": 5, "panels": [], "annotations": { "list": 5 } }));
    assert_eq!(
        whole.notes,
        ["`templating` is a number, where a map belongs", "`annotations.list` is a number, where a list belongs"]
    );
}

#[test]
fn a_query_that_does_not_parse_is_named_with_panel_and_place() {
    let text = "{\"title\": \"A\", \"templating\": {\"list\": [{\"name\": \"n\", \"type\": \"query\"}, {\"name\": \"label\", \"type\": \"query\"}, \
                {\"name\": \"b\", \"type\": \"adhoc\"}]}, \"panels\": [\n {\"title\": \"Bad\", \"type\": \"stat\", \"targets\": [{\"expr\": \"sum(up{job=\\\"a\\\"}\"}]},\n \
                {\"title\": \"Good\", \"type\": \"stat\", \"targets\": [{\"expr\": \"topk($n, sum by ($label) (up{a=\\\"$b\\\"}))\"}]}]}";
    let wrong = import(text, "prometheus").expect("a dashboard").wrong_queries;
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!((wrong[0].panel.as_str(), wrong[0].line, wrong[0].column), ("Bad", 2, 56));
    assert!(!wrong[0].message.is_empty());
}

#[test]
fn a_query_that_prometheus_refuses_or_never_answers_is_named_by_the_way_in_which_its_panel_asks() {
    let panel =
        |title: &str, target: serde_json::Value| json!({ "type": "table", "title": title, "targets": [target] });
    let lost = "histogram_quantile(0.9, sum(rate(a_bucket[5m])))";
    let imported = read(&json!({ "title": "A", "panels": [
        panel("Over time", json!({ "expr": "a_total[5m]" })),
        panel("Now", json!({ "expr": "a_total[5m]", "instant": true })),
        panel("Text", json!({ "expr": "\"hello\"", "instant": true })),
        panel("Undeclared", json!({ "expr": "rate(up[$x])" })),
        panel("Lost", json!({ "expr": lost })),
    ]}));
    let of = |wrong: &[super::WrongQuery]| -> Vec<(String, String)> {
        wrong.iter().map(|wrong| (wrong.panel.clone(), wrong.message.clone())).collect()
    };
    let wrong = of(&imported.wrong_queries);
    assert_eq!(wrong.iter().map(|(panel, _)| panel.as_str()).collect::<Vec<_>>(), ["Over time", "Text", "Undeclared"]);
    assert!(wrong[0].1.contains("put `rate(…)` or its like around `a_total[…]`"), "{wrong:?}");
    assert!(wrong[1].1.contains("a text") && wrong[2].1 == "the dashboard has no variable `x`", "{wrong:?}");
    let vain = of(&imported.vain_queries);
    assert!(vain.len() == 1 && vain[0].0 == "Lost" && vain[0].1.contains("drops the label `le`"), "{vain:?}");
}

#[test]
fn words_for_values_and_what_is_taken_of_a_choice_are_carried_in_every_way_to_write_them() {
    let panel = |kind: &str, more: serde_json::Value| {
        let mut panel = json!({ "type": kind, "title": "State", "targets": [{ "expr": "up" }] });
        panel.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
        panel
    };
    let new = json!({ "fieldConfig": { "defaults": { "mappings": [
        { "type": "value", "options": { "0": { "text": "down", "color": "red" }, "1": { "text": "up" } } },
        { "type": "special", "options": { "match": "null", "result": { "text": "N/A" } } },
    ] } } });
    let middle = json!({ "fieldConfig": { "defaults": { "mappings": [{ "id": 1, "op": "=", "type": 1, "value": "0", "text": "down" }] } } });
    let old = json!({ "valueMaps": [{ "op": "=", "value": "null", "text": "N/A" }, { "op": "=", "value": "0", "text": "down" }] });
    let imported = read(&json!({
        "title": "Words",
        "templating": { "list": [{ "name": "node", "type": "query", "query": "node_meta", "regex": "/id=\"(.*)\"/" }] },
        "panels": [panel("stat", new), panel("stat", middle), panel("singlestat", old)],
    }));
    let mappings: Vec<_> = imported.dashboard.panels().map(|panel| panel.mappings.clone()).collect();
    let down = (0.0, "down".to_owned());
    assert_eq!(mappings, [vec![down.clone(), (1.0, "up".to_owned())], vec![down.clone()], vec![down]]);
    assert_eq!(imported.dashboard.variables[0].regex, "/id=\"(.*)\"/");
}

#[test]
fn a_repeated_panel_and_row_keep_their_variable_and_grafanas_own_copies_are_left_out() {
    let panel = |more: serde_json::Value| {
        let mut panel = json!({ "type": "stat", "title": "Up", "targets": [{ "expr": "up" }] });
        panel.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
        panel
    };
    let variables = json!({ "list": [{ "name": "node", "type": "query" }, { "name": "disk", "type": "query" }] });
    let imported = read(&json!({ "title": "Repeated", "templating": variables, "panels": [
        panel(json!({ "gridPos": { "y": 1 }, "repeat": "node", "maxPerRow": 6 })),
        panel(json!({ "gridPos": { "y": 2 }, "repeat": "node", "repeatDirection": "v" })),
        panel(json!({ "gridPos": { "y": 3 }, "repeatPanelId": 1 })),
        { "type": "row", "title": "Disk $disk", "repeat": "disk", "gridPos": { "y": 4 } },
        panel(json!({ "gridPos": { "y": 5 } })),
    ]}));
    let repeats: Vec<_> = imported.dashboard.panels().map(|panel| panel.repeat.clone()).collect();
    let repeat = |per_line| Some(Repeat { variable: "node".to_owned(), per_line });
    assert_eq!(repeats, [repeat(Some(6)), repeat(None), None]);
    assert_eq!(imported.dashboard.rows[1].repeat.as_deref(), Some("disk"));
    let old = read(
        &json!({ "title": "Old", "templating": variables, "rows": [{ "repeat": "node", "panels": [panel(json!({}))] }] }),
    );
    assert_eq!(old.dashboard.rows[0].repeat.as_deref(), Some("node"));
    assert_eq!([imported.notes, old.notes].concat(), Vec::<String>::new());
}

#[test]
fn a_heatmap_has_the_unit_of_its_axis() {
    let panel = |axis: serde_json::Value| {
        let mut panel = json!({ "type": "heatmap", "title": "Heat", "targets": [{ "expr": "sum by (le) (up)", "format": "heatmap" }] });
        panel.as_object_mut().expect("a map").extend(axis.as_object().expect("a map").clone());
        panel
    };
    let panels =
        [panel(json!({ "options": { "yAxis": { "unit": "s" } } })), panel(json!({ "yAxis": { "format": "bytes" } }))];
    let imported = read(&json!({ "title": "Heat", "panels": panels }));
    let units: Vec<_> = imported.dashboard.panels().map(|panel| panel.unit.id().to_owned()).collect();
    assert_eq!(units, ["s", "bytes"]);
    assert!(imported.dashboard.panels().all(|panel| panel.kind == PanelKind::Heatmap));
}

#[test]
fn what_grafana_alone_shows_of_panels_is_said_once_for_each_sort() {
    let overriding = |title: &str, properties: serde_json::Value| {
        json!({ "type": "timeseries", "title": title, "targets": [{ "expr": "up" }],
                "fieldConfig": { "defaults": {}, "overrides": [{ "matcher": { "id": "byName", "options": "a" }, "properties": properties }] } })
    };
    let unit = json!([{ "id": "unit", "value": "s" }]);
    let imported = read(&json!({ "title": "Alone", "panels": [
        overriding("A", unit.clone()), overriding("B", unit.clone()), overriding("C", unit.clone()), overriding("D", unit),
        overriding("Looks", json!([{ "id": "color", "value": {} }, { "id": "custom.lineWidth", "value": 2 }])),
        overriding("Right", json!([{ "id": "custom.axisPlacement", "value": "right" }])),
        { "type": "table", "title": "T", "targets": [{ "expr": "up" }], "transformations": [{ "id": "organize", "options": {} }] },
    ]}));
    assert_eq!(
        imported.notes,
        [
            "what holds for single series or columns (field overrides) of `A`, `B`, `C` and 1 more is for Grafana alone: in `view` and in pictures every series is shown as the panel says",
            "the second axis of `Right` is for Grafana alone: in `view` and in pictures every series stands on the one on the left",
            "what is made of the answers (transformations) of `T` is for Grafana alone: in `view` and in pictures they are shown as Prometheus gives them",
        ]
    );
}

#[test]
fn what_follows_a_folded_row_is_none_of_its_own() {
    let json = serde_json::json!({ "title": "t", "panels": [
        { "type": "row", "title": "Of $disk", "repeat": "disk", "collapsed": true, "gridPos": { "y": 0 },
          "panels": [{ "type": "timeseries", "title": "inner", "targets": [{ "expr": "up" }] }] },
        { "type": "timeseries", "title": "after", "gridPos": { "y": 1 }, "targets": [{ "expr": "up" }] },
    ]});
    let imported = read(&json);
    let rows: Vec<_> = imported.dashboard.rows.iter().map(|row| (row.repeat.as_deref(), row.panels.len())).collect();
    assert_eq!(rows, [(Some("disk"), 1), (None, 1)]);
}
