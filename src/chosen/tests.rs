//! What is asked for each variable, and what comes of it.

use serde_json::{Value, json};

use super::*;
use crate::client::stand_in::{Question, StandIn, success};
use crate::dashboard::{Dashboard, Sorting, SortingKey, Variable, VariableSource};
use crate::promql::Filling;

fn filling() -> Filling {
    Filling { rate_interval: 60.0, interval: 15.0, range: 3600.0, end: 1_795_441_031.0, variables: Vec::new() }
}

fn jobs(query: &str) -> Value {
    let series = |job: &str| json!({ "metric": { "job": job }, "value": [1_795_441_031.0, "1"] });
    if query.starts_with("vector") {
        return json!({ "resultType": "scalar", "result": [1_795_441_031.0, "7"] });
    }
    json!({ "resultType": "vector", "result": [series("iotd"), series("node")] })
}

/// Knows three jobs, one of which is gone.
fn answer(question: &Question) -> String {
    match question.path.as_str() {
        "/api/v1/label/job/values" => success(&json!(["image-gallery", "iotd", "node"])),
        "/api/v1/labels" => success(&json!(["__name__", "job"])),
        "/api/v1/query" => success(&jobs(&question.query)),
        "/-/ready" => "Prometheus is Ready".to_owned(),
        _ => "<html>too much</html>".to_owned(),
    }
}

fn label_values(selector: &str, label: &str) -> VariableSource {
    VariableSource::LabelValues { selector: selector.to_owned(), label: label.to_owned() }
}

fn of(name: &str, source: VariableSource) -> Variable {
    Variable { name: name.to_owned(), source, ..Variable::default() }
}

async fn pairs(variables: Vec<Variable>, among: Among) -> (Vec<String>, Vec<Question>) {
    let stand_in = StandIn::new(answer).await;
    let dashboard = Dashboard { variables, ..Dashboard::default() };
    let chosen = choose(&stand_in.prometheus, &dashboard, &[], &filling(), among).await.expect("it answers");
    (chosen.iter().map(|one| one.pair().1).collect(), stand_in.asked())
}

#[tokio::test]
async fn all_are_the_choices_that_the_regular_expression_leaves() {
    let image = Variable {
        regex: "/image.*/".to_owned(),
        include_all: true,
        multi: true,
        ..of("image", label_values("up", "job"))
    };
    let list = VariableSource::Values(vec!["iotd".to_owned(), "node".to_owned()]);
    let list = Variable { include_all: true, ..of("list", list) };
    let own = Variable { all_value: Some("io.*".to_owned()), ..Variable { name: "own".to_owned(), ..image.clone() } };
    let both = Variable { regex: String::new(), name: "both".to_owned(), ..image.clone() };
    let (values, _) = pairs(vec![image, list, own, both], Among::Known).await;
    assert_eq!(values, ["image-gallery", "(iotd|node)", "io.*", "(image-gallery|iotd|node)"]);
}

#[tokio::test]
async fn answers_of_a_query_and_names_of_labels_are_choices_in_the_wished_order() {
    let query = VariableSource::QueryResult("count by (job) (up)".to_owned());
    let result = Variable { regex: "/job=\"([^\"]+)\"/".to_owned(), ..of("result", query) };
    let last = Sorting { by: SortingKey::Letters, is_reversed: true };
    let sorted = Variable { sorting: last, ..of("sorted", label_values("", "job")) };
    let names = of("names", VariableSource::LabelNames(String::new()));
    let number = of("number", VariableSource::QueryResult("vector(7)".to_owned()));
    let (values, _) = pairs(vec![result, sorted, names, number], Among::Known).await;
    assert_eq!(values, ["iotd", "node", "__name__", "7"]);
}

#[tokio::test]
async fn what_is_gone_is_no_choice_among_what_there_is_now() {
    let variables = vec![of("job", label_values("up", "job")), of("next", label_values("up{job=\"$job\"}", "job"))];
    let (values, asked) = pairs(variables, Among::Current).await;
    assert_eq!(values, ["iotd", "iotd"]);
    let queries: Vec<&str> = asked.iter().map(|question| question.query.as_str()).collect();
    assert_eq!(queries, ["group by (job) (up)", "group by (job) (up{job=\"iotd\"})"]);
}

#[tokio::test]
async fn a_question_that_has_no_answer_leaves_the_other_variables_alone() {
    let broken = Variable { include_all: true, ..of("broken", label_values("up", "instance")) };
    let (values, asked) = pairs(vec![broken, of("job", label_values("up", "job"))], Among::Known).await;
    assert_eq!(values, [".*", "image-gallery"]);
    assert!(asked.iter().any(|question| question.path == "/-/ready"), "{asked:?}");
}

#[tokio::test]
async fn thousands_of_choices_go_into_the_body_of_a_query() {
    let stand_in = StandIn::new(answer).await;
    let many: Vec<String> = (0..9000).map(|number| format!("web-{number}")).collect();
    let query = format!("up{{instance=~\"({})\"}}", many.join("|"));
    stand_in.prometheus.query(&query).await.expect("it answers");
    stand_in.prometheus.query("up").await.expect("it answers");
    let asked = stand_in.asked();
    let methods: Vec<&str> = asked.iter().map(|question| question.method.as_str()).collect();
    assert_eq!((methods, &asked[0].query), (vec!["POST", "GET"], &query));
}
