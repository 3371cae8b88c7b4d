//! `dashboards pull` against an HTTP server that answers as Grafana's description of its API has it, with a dashboard
//! saved the way Grafana saves one. No Grafana itself runs here.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const PASSWORD: &str = "a pass word";
/// `admin:a pass word`, as HTTP has it.
const LOGIN: &str = "Basic YWRtaW46YSBwYXNzIHdvcmQ=";

/// What a Grafana keeps, by uid.
type Kept = Arc<Mutex<BTreeMap<String, Value>>>;

struct Grafana {
    url: String,
    kept: Kept,
}

impl Grafana {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        listener.set_nonblocking(true).expect("a socket takes it");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let kept = Kept::default();
        let router = Router::new()
            .route("/api/health", get(async || json!({ "database": "ok", "version": "12.1.0" }).to_string()))
            .route("/api/search", get(search))
            .route("/api/dashboards/uid/{uid}", get(dashboard))
            .with_state(kept.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("it is a listener");
                axum::serve(listener, router).await
            })
        });
        Self { url, kept }
    }

    fn keep(&self, uid: &str, dashboard: Value) {
        self.kept.lock().expect("nobody panicked").insert(uid.to_owned(), dashboard);
    }
}

type Reply = (StatusCode, String);

fn refusal(status: StatusCode, message: &str) -> Reply {
    (status, json!({ "message": message }).to_string())
}

fn stranger(headers: &HeaderMap) -> Option<Reply> {
    let is_known = headers.get("authorization").is_some_and(|login| login == LOGIN);
    (!is_known).then(|| refusal(StatusCode::UNAUTHORIZED, "Invalid username or password"))
}

async fn search(State(kept): State<Kept>, headers: HeaderMap) -> Reply {
    if let Some(refused) = stranger(&headers) {
        return refused;
    }
    let kept = kept.lock().expect("nobody panicked");
    let hits = kept.iter().map(|(uid, dashboard)| {
        json!({ "id": 1, "uid": uid, "title": dashboard["title"], "type": "dash-db", "tags": [], "url": format!("/d/{uid}") })
    });
    (StatusCode::OK, json!(hits.collect::<Vec<_>>()).to_string())
}

async fn dashboard(
    State(kept): State<Kept>,
    headers: HeaderMap,
    axum::extract::Path(uid): axum::extract::Path<String>,
) -> Reply {
    if let Some(refused) = stranger(&headers) {
        return refused;
    }
    if uid == "broken" {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "Dashboard could not be read: database is locked");
    }
    let kept = kept.lock().expect("nobody panicked");
    let Some(dashboard) = kept.get(&uid) else { return refusal(StatusCode::NOT_FOUND, "Dashboard not found") };
    let meta = json!({
        "type": "db", "canSave": true, "canEdit": true, "canAdmin": true, "canStar": true, "canDelete": true,
        "slug": uid, "url": format!("/d/{uid}/{uid}"), "expires": "0001-01-01T00:00:00Z",
        "created": "2026-11-20T08:00:00Z", "updated": "2026-11-29T18:00:00Z", "updatedBy": "admin", "createdBy": "admin",
        "version": dashboard["version"], "hasAcl": false, "isFolder": false, "folderId": 0, "folderUid": "",
        "folderTitle": "General", "folderUrl": "", "provisioned": true, "provisionedExternalId": format!("{uid}.json"),
    });
    (StatusCode::OK, json!({ "meta": meta, "dashboard": dashboard }).to_string())
}

/// A dashboard that was shared years ago, keys in an order of its own.
fn shared() -> Value {
    json!({
        "__inputs": [{ "name": "DS_PROMETHEUS", "label": "Prometheus", "type": "datasource", "pluginId": "prometheus" }],
        "title": "Legacy",
        "id": null,
        "version": 3,
        "schemaVersion": 36,
        "tags": ["shop"],
        "panels": [
            {
                "type": "timeseries", "title": "Requests", "id": 2, "datasource": "${DS_PROMETHEUS}",
                "gridPos": { "x": 0, "y": 0, "w": 12, "h": 8 },
                "fieldConfig": { "defaults": { "unit": "reqps", "custom": { "fillOpacity": 10 } } },
                "targets": [{ "refId": "A", "expr": "sum by (job) (rate(requests_total{job=~\"$job\"}[5m])) > 0" }],
            },
            { "type": "stat", "title": "Up", "datasource": "${DS_PROMETHEUS}",
              "gridPos": { "x": 12, "y": 0, "w": 12, "h": 8 }, "targets": [{ "refId": "A", "expr": "sum(up)" }] },
        ],
        "templating": { "list": [{
            "name": "job", "type": "query", "datasource": "${DS_PROMETHEUS}", "query": "label_values(up, job)",
            "multi": true, "includeAll": true,
        }] },
    })
}

fn written(value: &Value) -> String {
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut bytes = Vec::new();
    serde::Serialize::serialize(value, &mut serde_json::Serializer::with_formatter(&mut bytes, formatter))
        .expect("JSON");
    String::from_utf8(bytes).expect("text") + "\n"
}

/// The same as Grafana saves it: numbers of its database, the newest schema, and every default written out.
fn as_saved(rendered: &Value) -> Value {
    fn add(to: &mut Value, more: &Value) {
        let (Some(to), Some(more)) = (to.as_object_mut(), more.as_object()) else { return };
        for (key, value) in more {
            match to.get_mut(key) {
                Some(own) => add(own, value),
                None => drop(to.insert(key.clone(), value.clone())),
            }
        }
    }
    let thresholds =
        json!({ "mode": "absolute", "steps": [{ "color": "green", "value": null }, { "color": "red", "value": 80 }] });
    let custom = json!({
        "axisBorderShow": false, "axisCenteredZero": false, "axisColorMode": "text", "axisLabel": "", "axisPlacement": "auto",
        "barAlignment": 0, "barWidthFactor": 0.6, "drawStyle": "line", "fillOpacity": 0, "gradientMode": "none",
        "hideFrom": { "legend": false, "tooltip": false, "viz": false }, "insertNulls": false,
        "lineInterpolation": "linear", "lineWidth": 1, "pointSize": 5, "scaleDistribution": { "type": "linear" },
        "showPoints": "auto", "spanNulls": false, "stacking": { "group": "A", "mode": "none" },
        "thresholdsStyle": { "mode": "off" },
    });
    let lines = json!({
        "pluginVersion": "12.1.0",
        "fieldConfig": { "defaults": { "color": { "mode": "palette-classic" }, "custom": custom, "mappings": [], "thresholds": thresholds }, "overrides": [] },
        "options": { "legend": { "calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": true },
                     "tooltip": { "hideZeros": false, "mode": "single", "sort": "none" } },
    });
    let number = json!({
        "id": 3, "pluginVersion": "12.1.0",
        "fieldConfig": { "defaults": { "color": { "mode": "thresholds" }, "mappings": [], "thresholds": thresholds }, "overrides": [] },
        "options": { "colorMode": "value", "graphMode": "area", "justifyMode": "auto", "orientation": "auto",
                     "percentChangeColorMode": "standard", "showPercentChange": false, "textMode": "auto", "wideLayout": true,
                     "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false } },
    });
    let built_in = json!({ "builtIn": 1, "datasource": { "type": "grafana", "uid": "-- Grafana --" }, "enable": true,
        "hide": true, "iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard" });
    let mut saved = rendered.clone();
    add(
        &mut saved,
        &json!({
            "annotations": { "list": [built_in] }, "editable": true, "fiscalYearStartMonth": 0, "graphTooltip": 0,
            "links": [], "preload": false, "refresh": "", "time": { "from": "now-6h", "to": "now" }, "timepicker": {},
            "timezone": "browser", "weekStart": "",
        }),
    );
    saved["id"] = json!(41);
    saved["version"] = json!(12);
    saved["schemaVersion"] = json!(41);
    for (panel, more) in saved["panels"].as_array_mut().expect("a list").iter_mut().zip([lines, number]) {
        add(panel, &more);
        for target in panel["targets"].as_array_mut().expect("a list") {
            add(target, &json!({ "editorMode": "code", "range": true, "legendFormat": "__auto", "exemplar": false }));
        }
    }
    let variable = json!({ "current": {}, "options": [], "refresh": 1, "regex": "", "hide": 0, "skipUrlSync": false });
    add(&mut saved["templating"]["list"][0], &variable);
    sorted(&saved)
}

/// The same JSON with its keys sorted, as Go writes it.
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

/// Lines that one text has and the other has not, with `-` and `+` before them.
fn differences(before: &str, after: &str) -> Vec<String> {
    let diff = similar::TextDiff::from_lines(before, after);
    let changed = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    changed.map(|change| format!("{}{}", change.tag(), change.value().trim())).collect()
}

/// A stack with that dashboard, and what it was rendered to.
fn stack(grafana: &str) -> (Sandbox, Value) {
    let text = |grafana: &str| {
        format!(
            "images: {{ from: debian }}\nprometheus: {{ port: off }}\n{grafana}\n\
             dashboards: {{ legacy: {{ file: dashboards/legacy.json }} }}\n"
        )
    };
    // With a Grafana that can be had, so that its files are rendered.
    let sandbox = Sandbox::bare(&text("grafana: { port: off, image: stackctl/self }"));
    std::fs::create_dir(sandbox.path("dashboards")).expect("a folder");
    std::fs::write(sandbox.path("dashboards/legacy.json"), written(&shared())).expect("a file");
    std::fs::write(sandbox.path("password"), format!("{PASSWORD}\n")).expect("a file");
    let folder = sandbox.path("rendered");
    sandbox.ok(&["render", "-o", &folder.display().to_string()]);
    let rendered = std::fs::read_to_string(folder.join("grafana/dashboards/legacy.json")).expect("it is rendered");
    sandbox.write_bare(&text(grafana));
    (sandbox, serde_json::from_str(&rendered).expect("JSON"))
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("the file is there")
}

#[test]
fn what_was_edited_in_grafana_is_all_that_differs_in_the_file() {
    let grafana = Grafana::start();
    let (sandbox, rendered) = stack("grafana: { port: off }");
    let (file, password) = (sandbox.path("dashboards/legacy.json"), sandbox.path("password").display().to_string());
    let pull = |name: &str, more: &[&str]| {
        let known = ["dashboards", "pull", name, "--grafana", &grafana.url, "--password-file", &password];
        sandbox.run(&[&known[..], more].concat())
    };
    // Saved without an edit: the newest schema alone is said, because the panels are as that one has them.
    let mut saved = as_saved(&rendered);
    grafana.keep("legacy", saved.clone());
    let before = written(&shared());
    assert_eq!(pull("legacy", &[]).code, 0);
    assert_eq!(differences(&before, &text(&file)), ["-\"schemaVersion\": 36,", "+\"schemaVersion\": 41,"]);
    let again = pull("legacy", &[]);
    assert!(again.code == 0 && again.stderr.contains("is what Grafana has"), "{}", again.stderr);

    // A title, a threshold, a unit, and a panel more.
    let before = text(&file);
    saved["version"] = json!(13);
    saved["panels"][0]["title"] = json!("Requests a second");
    saved["panels"][0]["fieldConfig"]["defaults"]["unit"] = json!("ops");
    saved["panels"][1]["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = json!(3);
    grafana.keep("legacy", saved.clone());
    assert_eq!(pull("legacy", &[]).code, 0);
    let after = text(&file);
    let changed = differences(&before, &after);
    let of_lines: Vec<&str> =
        changed.iter().map(String::as_str).filter(|line| line.contains("Req") || line.contains("unit")).collect();
    assert_eq!(
        of_lines,
        [
            "-\"title\": \"Requests\",",
            "+\"title\": \"Requests a second\",",
            "-\"unit\": \"reqps\",",
            "+\"unit\": \"ops\",",
        ]
    );
    let others = changed.iter().filter(|line| !line.contains("Req") && !line.contains("unit"));
    let others: Vec<&String> = others.collect();
    assert!(others.iter().any(|line| *line == "+\"value\": 3") && others.len() <= 24, "{others:#?}");
    assert!(
        after.contains("${DS_PROMETHEUS}") && after.contains("__inputs") && !after.contains("axisPlacement"),
        "{after}"
    );
    sandbox.ok(&["check"]);

    // What somebody has made there, and not in the file.
    grafana.keep("new", json!({ "uid": "new", "title": "New", "id": 9, "version": 1, "panels": [] }));
    let new = sandbox.path("dashboards/new.json");
    let made = pull("new", &["-o", &new.display().to_string()]);
    assert!(made.code == 0 && made.stderr.contains("to show this file from now on"), "{}", made.stderr);
    assert_eq!(
        serde_json::from_str::<Value>(&text(&new)).expect("JSON"),
        json!({ "uid": "new", "title": "New", "panels": [] })
    );
}

#[test]
fn why_a_dashboard_cannot_be_pulled_is_said_and_the_file_stays() {
    let grafana = Grafana::start();
    let (sandbox, rendered) = stack("grafana: { port: off }");
    grafana.keep("legacy", as_saved(&rendered));
    grafana
        .keep("newer", json!({ "apiVersion": "dashboard.grafana.app/v2", "spec": { "title": "N", "elements": {} } }));
    let wrong = sandbox.path("wrong").display().to_string();
    std::fs::write(&wrong, "not the password").expect("a file");
    let right = sandbox.path("password").display().to_string();
    let gone = "http://127.0.0.1:1".to_owned();
    let file = sandbox.path("dashboards/legacy.json");
    let before = text(&file);
    for (name, url, password, said) in [
        ("legacy", &grafana.url, &wrong, "401 Unauthorized to the user `admin`: Invalid username or password"),
        ("nothing", &grafana.url, &right, "has none of that uid"),
        ("broken", &grafana.url, &right, "500 Internal Server Error: Dashboard could not be read: database is locked"),
        ("newer", &grafana.url, &right, "newer format"),
        ("legacy", &gone, &right, "cannot ask Grafana at http://127.0.0.1:1"),
        ("legacy", &grafana.url, &"/no/such/file".to_owned(), "/no/such/file"),
    ] {
        let output = file.display().to_string();
        let arguments = ["dashboards", "pull", name, "-o", &output, "--grafana", url, "--password-file", password];
        let refused = sandbox.expect(1, &arguments);
        assert!(refused.stderr.contains(said), "{name}: {}", refused.stderr);
        assert!(
            !refused.stderr.contains("not the password") && !refused.stderr.contains(PASSWORD),
            "{}",
            refused.stderr
        );
    }
    assert_eq!(text(&file), before);
    // The stack's own cannot be had here, so that nobody knows a password.
    let nobody = sandbox.expect(1, &["dashboards", "pull", "legacy", "--grafana", &grafana.url]);
    assert!(nobody.stderr.contains("`--password-file`"), "{}", nobody.stderr);
}

#[test]
fn the_password_is_that_of_the_stacks_grafana_out_of_its_file() {
    let grafana = Grafana::start();
    let (sandbox, rendered) = stack("grafana: { port: off, image: stackctl/self, admin_password: { file: password } }");
    grafana.keep("legacy", as_saved(&rendered));
    let pulled = sandbox.ok(&["dashboards", "pull", "legacy", "--grafana", &grafana.url]);
    assert!(pulled.stderr.contains("wrote "), "{}", pulled.stderr);
}
