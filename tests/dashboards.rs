//! Dashboards: what is made for Grafana fits Grafana's own schemas, and what others exported from it can be read.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use stackctl::client::Grafana;
use stackctl::dashboard::{DATASOURCE_UID, Exposed, ImportError, Imported, PanelKind, import, in_order_of};
use stackctl::desired::{Desired, Facts};
use stackctl::promql::{Expression, Filling, fill};
use stackctl::render::{self, Files};
use stackctl::stack::{Environment, Stack, Vocabulary, parse};
use support::{data, golden, stacks};

/// A metric and those of its labels that hold a status.
type Metric = (&'static str, &'static [&'static str]);

/// What apps of several libraries expose, by what tells them apart.
const LIBRARIES: &[(&str, &[Metric])] = &[
    (
        "go",
        &[
            ("http_request_duration_seconds_count", &["code"]),
            ("http_request_duration_seconds_bucket", &["code"]),
            ("http_request_duration_seconds_sum", &["code"]),
            ("http_requests_in_flight", &[]),
            ("process_cpu_seconds_total", &[]),
            ("process_resident_memory_bytes", &[]),
            ("process_open_fds", &[]),
            ("process_max_fds", &[]),
            ("go_goroutines", &[]),
            ("go_memstats_heap_alloc_bytes", &[]),
            ("go_gc_duration_seconds_sum", &[]),
        ],
    ),
    (
        "spring",
        &[
            ("http_server_requests_seconds_count", &["status"]),
            ("http_server_requests_seconds_sum", &["status"]),
            ("process_cpu_usage", &[]),
            ("jvm_memory_used_bytes", &[]),
            ("jvm_memory_max_bytes", &[]),
            ("jvm_gc_pause_seconds_sum", &[]),
        ],
    ),
    (
        "node-app",
        &[
            ("http_request_duration_seconds_count", &["status_code"]),
            ("http_request_duration_seconds_bucket", &["status_code"]),
            ("process_cpu_seconds_total", &[]),
            ("nodejs_eventloop_lag_p99_seconds", &[]),
            ("nodejs_eventloop_lag_seconds", &[]),
        ],
    ),
    (
        "flask",
        &[("flask_http_request_total", &["status"]), ("flask_http_request_duration_seconds_bucket", &["status"])],
    ),
    (
        "dotnet",
        &[
            ("http_server_request_duration_seconds_count", &["http_response_status_code"]),
            ("http_server_request_duration_seconds_bucket", &["http_response_status_code"]),
            ("http_server_active_requests", &[]),
            ("kestrel_active_connections", &[]),
        ],
    ),
    ("silent", &[]),
];

/// Panels of every kind, with everything that can be written about one.
const WRITTEN: &str = r#"
name: written
apps: { web: { image: "web:1", metrics: {} } }
dashboards:
  overview: { preset: overview }
  every-kind:
    title: Every kind
    description: All that can be written
    variables:
      size: [small, large]
      path: label_values(http_requests_total{job="$$job"}, path)
    links: [overview]
    annotations: { Deploys: 'changes(build_info{job=~"$$job"}[$$__rate_interval]) > 0' }
    rows:
      - title: Lines
        panels:
          - title: Two queries
            query: ['rate(a{job="$$job",size="$$size"}[$$__rate_interval])', 'rate(b{path=~"$$path"}[$$__range])']
            legend: ['{{instance}} a', '{{instance}} b']
            unit: reqps
            thresholds: { 0.9: red, 0.5: orange }
            stacked: true
            min: 0
            max: 1.5
            decimals: 2
            description: What it shows
          - { title: Stat, query: up, type: stat, thresholds: { 1: red } }
      - title: Folded
        collapsed: true
        panels:
          - { title: Gauge, query: up, type: gauge, unit: percentunit, width: 4, height: 5 }
          - { title: Bars, query: up, type: bargauge }
          - { title: Table, query: up, type: table }
          - { title: Words, type: text, text: "**Hello**" }
"#;

/// Apps that promise something: one that is known by what it exposes, one by its signals, and one that nobody can count.
const PROMISES: &str = r#"
name: promises
apps:
  web:
    image: "web:1"
    metrics: {}
    signals: { traffic: http_requests_total, errors: 'http_requests_total{code=~"5.."}', latency: http_request_duration_seconds }
    slo: { availability: 99.9%, latency: { p: 99, under: 300ms } }
  weekly:
    image: "web:1"
    metrics: { interval: 1m }
    signals: { traffic: jobs_total, errors: failed_total }
    slo: { availability: 95%, window: 7d }
  uncounted: { image: "web:1", metrics: {}, slo: { availability: 99% } }
"#;

fn libraries() -> (Stack, Facts) {
    let app = |_: &str| stacks::app("image:1", stackctl::stack::Metrics::default());
    let apps = LIBRARIES.iter().map(|(name, _)| (stacks::name(name), app(name))).collect();
    let mut facts = Facts::default();
    for (name, metrics) in LIBRARIES {
        let labels = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
        let metrics = metrics.iter().map(|(metric, found)| ((*metric).to_owned(), labels(found)));
        facts.exposed.insert((*name).to_owned(), Exposed(metrics.collect()));
    }
    (Stack { apps, ..stacks::bare("libraries") }, facts)
}

fn read(text: &str) -> Stack {
    let vocabulary = Vocabulary { presets: stackctl::dashboard::PRESETS, ..Vocabulary::default() };
    match parse("stack.yml", text, Path::new("."), &Environment::default(), &vocabulary) {
        Ok(loaded) => loaded.stack,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

/// Every dashboard that the tests make, by stack.
fn every_stack() -> Vec<(String, Desired)> {
    let of = |stack: &Stack, facts: &Facts| Desired::of(stack, facts);
    let mut all: Vec<_> = stacks::all_shipped()
        .into_iter()
        .map(|file| (file.trim_end_matches(".yml").to_owned(), of(&stacks::shipped(&file), &Facts::default())))
        .collect();
    let (stack, facts) = libraries();
    all.push(("libraries".to_owned(), of(&stack, &facts)));
    all.push(("written".to_owned(), of(&read(WRITTEN), &Facts::default())));
    all.push(("promises".to_owned(), of(&read(PROMISES), &Facts::default())));
    let presets = stackctl::dashboard::PRESETS.iter().map(|preset| format!("  {preset}: {{ preset: {preset} }}"));
    let presets = presets.collect::<Vec<_>>().join("\n");
    all.push(("presets".to_owned(), of(&read(&format!("name: presets\ndashboards:\n{presets}")), &Facts::default())));
    all
}

/// The rendered dashboards of a stack, made by stackctl or exported from Grafana.
fn dashboards(desired: &Desired) -> Vec<(String, Value)> {
    let files = render::all(desired).0.into_iter().filter(|(path, _)| path.starts_with("grafana/dashboards/"));
    files.map(|(path, text)| (path, serde_json::from_str(&text).expect("a dashboard is JSON"))).collect()
}

#[test]
fn dashboards_are_as_in_their_golden_folders() {
    for (name, desired) in every_stack() {
        let mut files =
            Files(dashboards(&desired).into_iter().map(|(path, json)| (path, format!("{json:#}\n"))).collect());
        files.0.retain(|path, _| !path.is_empty());
        golden::check(&format!("dashboards/{name}"), &files);
    }
}

#[test]
fn every_query_that_is_made_parses_and_uids_and_titles_are_unique() {
    for (name, desired) in every_stack() {
        let (mut uids, mut titles) = (BTreeSet::new(), BTreeSet::new());
        for dashboard in &desired.dashboards {
            let shown = &dashboard.dashboard;
            assert!(uids.insert(&shown.uid) && titles.insert(&shown.title), "{name}: {} twice", shown.uid);
            assert!(shown.uid.len() <= 40 && !shown.title.is_empty(), "{name}: {}", shown.uid);
            for (panel, query) in shown.panels().flat_map(|panel| panel.queries.iter().map(move |query| (panel, query)))
            {
                let parsed = Expression::parse(&fill(&query.expression, &Filling::default()));
                assert!(parsed.is_ok(), "{name}: {}: {}: {}: {parsed:?}", shown.title, panel.title, query.expression);
            }
        }
    }
}

#[test]
fn without_dashboards_in_the_file_there_is_one_for_each_app_and_exporter_and_the_overview() {
    let (stack, facts) = libraries();
    let desired = Desired::of(&stack, &facts);
    let names: Vec<&str> = desired.dashboards.iter().map(|dashboard| dashboard.name.as_str()).collect();
    assert_eq!(names, ["overview", "go", "spring", "node-app", "flask", "dotnet", "silent"]);
    let titles = |name: &str| -> Vec<String> {
        let dashboard = desired.dashboards.iter().find(|dashboard| dashboard.name == name).expect("one of them");
        dashboard.dashboard.panels().map(|panel| panel.title.clone()).collect()
    };
    for title in ["Latency, p95", "Traffic", "Errors", "In flight", "Goroutines", "Go heap", "Open files"] {
        assert!(titles("go").iter().any(|known| known == title), "{title}: {:?}", titles("go"));
    }
    for title in ["Latency, mean", "Processor", "Java heap", "Java garbage collection"] {
        assert!(titles("spring").iter().any(|known| known == title), "{title}: {:?}", titles("spring"));
    }
    assert_eq!(titles("node-app").iter().filter(|title| *title == "Event loop lag").count(), 1);
    let silent = desired.dashboards.iter().find(|dashboard| dashboard.name == "silent").expect("it is scraped");
    assert!(silent.dashboard.panels().any(|panel| panel.kind == PanelKind::Text && panel.text.contains("signals")));
}

#[test]
fn an_app_with_objectives_has_a_dashboard_of_its_error_budget_that_asks_for_nothing_but_what_is_recorded() {
    let desired = Desired::of(&read(PROMISES), &Facts::default());
    let names: Vec<&str> = desired.dashboards.iter().map(|dashboard| dashboard.name.as_str()).collect();
    let expected = ["overview", "web", "weekly", "uncounted", "web-error-budget", "weekly-error-budget"];
    assert_eq!(names, expected, "what nobody counts has no budget to show");
    let files = &desired.prometheus.as_ref().expect("it is on").rule_files;
    let rules = files.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules);
    let recorded: BTreeSet<&str> = rules.filter(|rule| !rule.is_alert()).map(|rule| rule.name.as_str()).collect();
    for dashboard in desired.dashboards.iter().filter(|dashboard| dashboard.name.ends_with("-error-budget")) {
        for query in dashboard.dashboard.panels().flat_map(|panel| &panel.queries) {
            let expression = Expression::parse(&query.expression).expect("it parses");
            for metric in expression.selectors().into_iter().filter_map(|selector| selector.metric) {
                assert!(metric == "ALERTS" || recorded.contains(metric.as_str()), "{}: {metric}", dashboard.name);
            }
        }
    }
}

#[test]
fn the_dashboard_of_an_error_budget_gives_way_to_an_app_of_its_name() {
    let text = PROMISES.replace("uncounted:", "web-error-budget:");
    let desired = Desired::of(&read(&text), &Facts::default());
    let names: Vec<&str> = desired.dashboards.iter().map(|dashboard| dashboard.name.as_str()).collect();
    assert!(names.contains(&"web-error-budget") && names.contains(&"_web-error-budget"), "{names:?}");
}

#[test]
fn a_dashboard_that_is_added_comes_into_grafana_with_a_file() {
    let desired = Desired::of(&read(WRITTEN), &Facts::default());
    let grafana = desired.service("grafana").expect("it is on");
    let files: Vec<&str> = grafana.container.files.iter().map(|file| file.target.as_str()).collect();
    assert!(files.contains(&"/etc/grafana/dashboards/every-kind.json"), "{files:?}");
    assert!(render::all(&desired).0.contains_key("grafana/dashboards/every-kind.json"));
}

fn schema(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("a schema is JSON")
}

fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let schema = jsonschema::draft7::new(schema).expect("it is a schema");
    schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The schema of a panel kind's `options` or `custom`, which a schema of dashboards leaves open.
fn part(folder: &Path, kind: &str, definition: &str) -> Value {
    let mut schema = schema(&folder.join(format!("grafana/schema/main/{kind}.jsonschema.json")));
    schema.as_object_mut().expect("a map").shift_remove("$ref");
    schema["$ref"] = json!(format!("#/definitions/{definition}"));
    schema
}

#[test]
fn every_dashboard_that_is_made_fits_grafanas_schemas() {
    let Some(folder) = data::folder("no dashboard was held against the schemas of Grafana") else { return };
    let whole = ["main", "v11.6.x"]
        .map(|version| schema(&folder.join(format!("grafana/schema/patched/dashboard.{version}.jsonschema.json"))));
    let query = schema(&folder.join("grafana/schema/main/prometheus.jsonschema.json"));
    let mut seen = BTreeMap::new();
    for (name, desired) in every_stack() {
        let made = desired.dashboards.iter().zip(dashboards(&desired)).filter(|(known, _)| known.carried.is_none());
        for (_, (path, json)) in made {
            for schema in &whole {
                assert_eq!(errors(schema, &json), Vec::<String>::new(), "{name}/{path}");
            }
            let panels = json["panels"].as_array().expect("a list").iter();
            for panel in panels
                .flat_map(|panel| [vec![panel], panel["panels"].as_array().into_iter().flatten().collect()].concat())
            {
                let kind = panel["type"].as_str().expect("a word");
                *seen.entry(kind.to_owned()).or_insert(0) += 1;
                if kind == "row" {
                    continue;
                }
                assert_eq!(
                    errors(&part(&folder, kind, "Options"), &panel["options"]),
                    Vec::<String>::new(),
                    "{panel:#}"
                );
                if kind == "timeseries" {
                    let custom = &panel["fieldConfig"]["defaults"]["custom"];
                    assert_eq!(errors(&part(&folder, kind, "FieldConfig"), custom), Vec::<String>::new(), "{panel:#}");
                }
                for target in panel["targets"].as_array().into_iter().flatten() {
                    assert_eq!(errors(&query, target), Vec::<String>::new(), "{target:#}");
                }
            }
        }
    }
    for kind in ["timeseries", "stat", "gauge", "bargauge", "table", "text", "row"] {
        assert!(seen.get(kind).is_some_and(|count| *count > 0), "no `{kind}` was looked at: {seen:?}");
    }
}

/// Every dashboard that other people keep in public.
fn corpus(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder.join("corpus/dashboards")).expect("STACKCTL_DATA has dashboards");
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("text"))
        })
        .collect();
    files.sort();
    files
}

/// Panels that ask something, as they stand in the JSON.
fn asking(json: &Value) -> usize {
    let own = json["targets"].as_array().is_some_and(|targets| {
        targets.iter().any(|target| {
            target["expr"].as_str().is_some_and(|query| !query.trim().is_empty()) && target["hide"] != json!(true)
        })
    });
    let below = ["panels", "rows"].into_iter().filter_map(|key| json[key].as_array()).flatten().map(asking);
    let enveloped = json.get("dashboard").filter(|inner| inner.is_object()).map_or(0, asking);
    usize::from(own) + below.sum::<usize>() + enveloped
}

#[test]
fn other_peoples_dashboards_are_read_with_all_their_panels_or_it_is_said_why_not() {
    let Some(folder) = data::folder("nobody else's dashboards were read") else { return };
    let files = corpus(&folder);
    assert!(files.len() >= 44, "{}", files.len());
    let (mut panels, mut notes, mut wrong) = (0, 0, 0);
    for (name, text) in &files {
        let imported: Result<Imported, ImportError> = import(text, DATASOURCE_UID);
        let Imported { dashboard, json, notes: said, wrong_queries, vain_queries } = match imported {
            Ok(imported) => imported,
            Err(error) => panic!("{name}: {error}"),
        };
        let read = dashboard.panels().filter(|panel| !panel.queries.is_empty()).count();
        let written: Value = serde_json::from_str(text).expect("it was read");
        assert_eq!(read, asking(&written), "{name}: {said:?}");
        let rendered = json.to_string();
        let stays_a_choice = dashboard.variables.iter().any(|variable| variable.name.starts_with("DS_"));
        assert!(stays_a_choice || !rendered.contains("${DS_"), "{name}");
        assert!(json.get("id").is_none() && json.get("__inputs").is_none(), "{name}");
        panels += read;
        notes += said.len();
        wrong += wrong_queries.len();
        for note in &said {
            println!("{name}: not carried over: {note}");
        }
        for query in wrong_queries.into_iter().chain(vain_queries) {
            println!(
                "{name}:{}:{}: panel `{}`: {}: {}",
                query.line, query.column, query.panel, query.message, query.query
            );
        }
    }
    println!("{} dashboards, {panels} panels, {notes} notes, {wrong} queries that do not parse", files.len());
    assert!(panels > 700, "{panels}");
    assert!(wrong <= 12, "{wrong} queries do not parse");
}

#[test]
fn a_dashboard_that_grafana_saved_comes_back_with_no_change_but_the_one_that_was_made() {
    let Some(folder) = data::folder("no dashboard was pulled as Grafana had saved it") else { return };
    for (name, text) in corpus(&folder) {
        let before = import(&text, DATASOURCE_UID).expect("it is read").json;
        // Grafana gives its own number and version, in an order of its own, inside an envelope.
        let mut saved: Value = serde_json::from_str(&sorted(&before).to_string()).expect("JSON");
        saved["id"] = json!(42);
        saved["version"] = json!(7);
        saved["title"] = json!("Changed");
        let pulled =
            import(&json!({ "dashboard": saved, "meta": { "provisioned": true } }).to_string(), DATASOURCE_UID);
        let pulled = in_order_of(&before, pulled.expect("it is read").json);
        let (before, after) = (format!("{before:#}\n"), format!("{pulled:#}\n"));
        let diff = similar::TextDiff::from_lines(&before, &after);
        let changed = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
        let changed: Vec<String> = changed.map(|change| change.value().trim().to_owned()).collect();
        assert!(changed.len() <= 2 && changed.iter().all(|line| line.starts_with("\"title\"")), "{name}: {changed:#?}");
    }
}

/// The same JSON with its keys sorted.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let sorted: BTreeMap<&String, Value> = object.iter().map(|(key, value)| (key, sorted(value))).collect();
            json!(sorted)
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// The whole way of a dashboard: put into a Grafana, proven there, edited there, pulled, with a diff of the one edit.
async fn goes_the_whole_way(url: &str, password: &str) {
    stackctl::client::install_tls_provider();
    let grafana = Grafana::new(url, "admin", password).expect("a URL");
    assert_eq!(grafana.health().await.expect("it answers").database, "ok");
    assert_eq!(grafana.dashboard("there-is-no-such-dashboard").await.expect("it answers"), None);
    assert_eq!(grafana.datasource_health("there-is-no-such-datasource").await.expect("it answers"), None);
    let send = async |path: &str, body: Value| {
        let request =
            reqwest::Client::new().post(format!("{}{path}", grafana.url())).basic_auth("admin", Some(password));
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.expect("Grafana answers");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    // 409: it has one already. Whether the Prometheus behind it runs is not this test's business: Grafana has to say so.
    let source = json!({ "name": "stackctl", "uid": DATASOURCE_UID, "type": "prometheus", "access": "proxy", "url": "http://127.0.0.1:9" });
    let (status, answer) = send("/api/datasources", source).await;
    assert!(matches!(status, 200 | 409), "{status}: {answer}");
    let health = grafana.datasource_health(DATASOURCE_UID).await.expect("it answers").expect("it is there");
    assert!(!health.status.is_empty() || !health.message.is_empty(), "{health:?}");
    for (_, mut made) in dashboards(&Desired::of(&read(WRITTEN), &Facts::default())) {
        // Of no uid that somebody else's dashboard there may have.
        let uid = format!("stackctl-test-{}", made["uid"].as_str().expect("a uid"));
        made["uid"] = json!(uid);
        made["title"] = json!(format!("stackctl test: {}", made["title"].as_str().expect("a title")));
        let file = import(&made.to_string(), DATASOURCE_UID).expect("a dashboard").json;
        let (status, answer) = send("/api/dashboards/db", json!({ "dashboard": file, "overwrite": true })).await;
        assert_eq!(status, 200, "Grafana takes what is made: {answer}");
        let mut kept = grafana.dashboard(&uid).await.expect("it answers").expect("it shows it").dashboard;
        let pulled =
            |kept: &Value| in_order_of(&file, import(&kept.to_string(), DATASOURCE_UID).expect("it is read").json);
        assert_eq!(format!("{:#}", pulled(&kept)), format!("{file:#}"), "nothing was changed, so nothing differs");
        kept["description"] = json!("Edited in Grafana");
        let (status, answer) = send("/api/dashboards/db", json!({ "dashboard": kept, "overwrite": true })).await;
        assert_eq!(status, 200, "{answer}");
        let kept = grafana.dashboard(&uid).await.expect("it answers").expect("it shows it").dashboard;
        let (before, after) = (format!("{file:#}\n"), format!("{:#}\n", pulled(&kept)));
        let diff = similar::TextDiff::from_lines(&before, &after);
        let changed = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
        let changed: Vec<String> = changed.map(|change| change.value().trim().to_owned()).collect();
        assert!(changed.len() <= 2 && changed.iter().all(|line| line.starts_with("\"description\"")), "{changed:#?}");
    }
}

/// What Grafana keeps, by uid.
type Kept = std::sync::Arc<std::sync::Mutex<BTreeMap<String, Value>>>;

/// A server in this process that keeps dashboards as Grafana's description of its API has it: with a number, a version
/// and an order of keys of its own.
async fn stand_in() -> String {
    use axum::body::Bytes;
    use axum::extract::{Path, State};
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::{get, post};
    fn answer(status: StatusCode, body: &Value) -> (StatusCode, String) {
        (status, body.to_string())
    }
    fn none() -> (StatusCode, String) {
        answer(StatusCode::NOT_FOUND, &json!({ "message": "Not found" }))
    }
    let save = async |State(kept): State<Kept>, headers: HeaderMap, body: Bytes| {
        if !headers.contains_key("authorization") {
            return answer(StatusCode::UNAUTHORIZED, &json!({ "message": "Unauthorized" }));
        }
        let command: Value = serde_json::from_slice(&body).expect("JSON");
        let mut dashboard = sorted(&command["dashboard"]);
        let uid = dashboard["uid"].as_str().expect("a uid").to_owned();
        let mut kept = kept.lock().expect("nobody panicked");
        let version = kept.get(&uid).map_or(1, |before| before["version"].as_i64().unwrap_or(0) + 1);
        dashboard["id"] = json!(kept.len() + 1);
        dashboard["version"] = json!(version);
        kept.insert(uid.clone(), dashboard);
        answer(
            StatusCode::OK,
            &json!({ "id": 1, "uid": uid, "status": "success", "version": version, "title": "", "url": "" }),
        )
    };
    let show = async |State(kept): State<Kept>, Path(uid): Path<String>| {
        let kept = kept.lock().expect("nobody panicked");
        let meta = json!({ "provisioned": false, "provisionedExternalId": "", "slug": uid, "version": 1 });
        kept.get(&uid)
            .map_or_else(none, |dashboard| answer(StatusCode::OK, &json!({ "dashboard": dashboard, "meta": meta })))
    };
    let source_health = async |Path(uid): Path<String>| {
        let gone = json!({ "status": "ERROR", "message": "connection refused" });
        if uid == DATASOURCE_UID { answer(StatusCode::BAD_REQUEST, &gone) } else { none() }
    };
    let health = async || answer(StatusCode::OK, &json!({ "database": "ok", "version": "13.0.0", "commit": "abc" }));
    let router = axum::Router::new()
        .route("/api/health", get(health))
        .route("/api/datasources", post(async || answer(StatusCode::CONFLICT, &json!({ "message": "it exists" }))))
        .route("/api/datasources/uid/{uid}/health", get(source_health))
        .route("/api/dashboards/db", post(save))
        .route("/api/dashboards/uid/{uid}", get(show))
        .with_state(Kept::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn a_dashboard_goes_into_grafana_and_comes_back_with_the_one_edit_that_was_made_there() {
    goes_the_whole_way(&stand_in().await, "secret").await;
}

#[tokio::test]
async fn a_real_grafana_takes_shows_and_gives_back_what_is_made() {
    let Some(url) = std::env::var("STACKCTL_GRAFANA_URL").ok() else {
        eprintln!("ran without STACKCTL_GRAFANA_URL: no real Grafana was asked");
        return;
    };
    let password = std::env::var("STACKCTL_GRAFANA_PASSWORD").unwrap_or_else(|_| "admin".to_owned());
    goes_the_whole_way(&url, &password).await;
}

#[test]
fn the_answers_that_are_read_have_the_shapes_of_grafanas_api() {
    let Some(folder) = data::folder("the shapes of the API of Grafana were not looked at") else { return };
    let shapes = schema(&folder.join("grafana/http-api-shapes-v13.json"));
    let fields = |model: &str| -> BTreeSet<String> {
        let fields = shapes["models"][model].as_object().unwrap_or_else(|| panic!("no model {model}"));
        fields.keys().map(|field| field.trim_end_matches(",omitempty").to_owned()).collect()
    };
    // Every field that the client reads, and every path that it asks.
    for (model, read) in [
        ("HealthResponse", &["database", "version"][..]),
        ("DashboardFullWithMeta", &["dashboard", "meta"]),
        ("DashboardMeta", &["provisioned", "provisionedExternalId"]),
        ("SuccessResponseBody", &["message"]),
        ("ErrorResponseBody", &["message", "status"]),
    ] {
        let known = fields(model);
        assert!(read.iter().all(|field| known.contains(*field)), "{model}: {known:?}");
    }
    for (operation, path, statuses) in [
        ("get_health", "/health", &["200", "503"][..]),
        ("check_datasource_health_with_uid", "/datasources/uid/{uid}/health", &["200", "400", "401", "403"]),
        ("get_dashboard_by_uid", "/dashboards/uid/{uid}", &["200", "401", "403", "404"]),
    ] {
        let known = &shapes["operations"][operation];
        assert_eq!((known["method"].as_str(), known["path"].as_str()), (Some("GET"), Some(path)));
        assert!(statuses.iter().all(|status| known["responses"].get(*status).is_some()), "{operation}: {known}");
    }
}
