//! Profiles for seccomp, as far as an engine refuses them at the start of the container: tried with Engine 20.10. What a
//! profile allows is its writer's business.

use serde_json::{Map, Value};

use super::super::{Wrong, suggest};

/// What can be done with a call (OCI runtime specification, `config-linux.md`).
const ACTIONS: [&str; 9] = [
    "SCMP_ACT_ALLOW",
    "SCMP_ACT_ERRNO",
    "SCMP_ACT_KILL",
    "SCMP_ACT_KILL_PROCESS",
    "SCMP_ACT_KILL_THREAD",
    "SCMP_ACT_LOG",
    "SCMP_ACT_NOTIFY",
    "SCMP_ACT_TRACE",
    "SCMP_ACT_TRAP",
];

/// Kinds of processors (the same).
const ARCHITECTURES: [&str; 24] = [
    "SCMP_ARCH_AARCH64",
    "SCMP_ARCH_ARM",
    "SCMP_ARCH_LOONGARCH64",
    "SCMP_ARCH_M68K",
    "SCMP_ARCH_MIPS",
    "SCMP_ARCH_MIPS64",
    "SCMP_ARCH_MIPS64N32",
    "SCMP_ARCH_MIPSEL",
    "SCMP_ARCH_MIPSEL64",
    "SCMP_ARCH_MIPSEL64N32",
    "SCMP_ARCH_NATIVE",
    "SCMP_ARCH_PARISC",
    "SCMP_ARCH_PARISC64",
    "SCMP_ARCH_PPC",
    "SCMP_ARCH_PPC64",
    "SCMP_ARCH_PPC64LE",
    "SCMP_ARCH_RISCV64",
    "SCMP_ARCH_S390",
    "SCMP_ARCH_S390X",
    "SCMP_ARCH_SH",
    "SCMP_ARCH_SHEB",
    "SCMP_ARCH_X32",
    "SCMP_ARCH_X86",
    "SCMP_ARCH_X86_64",
];

/// How an argument of a call is compared (the same).
const OPERATORS: [&str; 7] =
    ["SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"];

/// What an engine has against a profile: the JSON behind `seccomp=`.
pub(super) fn wrong_profile(text: &str) -> Option<Wrong> {
    let Ok(Value::Object(profile)) = serde_json::from_str(text) else {
        let help = "write `seccomp=./FILE`, or the JSON of the profile after `seccomp=`";
        return Some(Wrong::new("the profile here is no JSON", help));
    };
    twice(&profile, "architectures", "archMap")
        .or_else(|| default_action(&profile))
        .or_else(|| list(&profile, "architectures").find_map(|word| unknown("architecture", word, &ARCHITECTURES)))
        .or_else(|| list(&profile, "archMap").find_map(architecture_with_others))
        .or_else(|| list(&profile, "syscalls").find_map(call))
}

/// Which action is taken where no rule of the profile says another. One without rules needs none.
fn default_action(profile: &Map<String, Value>) -> Option<Wrong> {
    match field(profile, "defaultAction") {
        Some(action) if action == "SCMP_ACT_NOTIFY" => Some(nobody_is_told()),
        Some(action) => unknown("action", action, &ACTIONS),
        None if list(profile, "syscalls").next().is_none() => None,
        None => {
            let help = "add `\"defaultAction\": \"SCMP_ACT_ERRNO\"` to allow what the profile names, or `SCMP_ACT_ALLOW` to forbid it";
            Some(Wrong::new("the profile for seccomp has no `defaultAction`", help))
        }
    }
}

fn architecture_with_others(entry: &Value) -> Option<Wrong> {
    let entry = entry.as_object()?;
    list(entry, "subArchitectures").find_map(|word| unknown("architecture", word, &ARCHITECTURES))
}

fn call(entry: &Value) -> Option<Wrong> {
    let Some(entry) = entry.as_object() else {
        let help = "write `{ \"names\": [\"chmod\"], \"action\": \"SCMP_ACT_ERRNO\" }`";
        return Some(Wrong::new("an entry of `syscalls` in the profile for seccomp is no object", help));
    };
    if field(entry, "action").is_some_and(|action| action == "SCMP_ACT_NOTIFY") {
        return Some(nobody_is_told());
    }
    let action = field(entry, "action").unwrap_or(&Value::Null);
    twice(entry, "name", "names")
        .or_else(|| unknown("action", action, &ACTIONS))
        .or_else(|| list(entry, "args").find_map(argument))
}

fn argument(entry: &Value) -> Option<Wrong> {
    let entry = entry.as_object()?;
    if field(entry, "index").and_then(Value::as_u64).is_some_and(|index| index > 5) {
        let help = "arguments of a call go from 0 to 5";
        return Some(Wrong::new("the profile for seccomp names an argument that no call has", help));
    }
    unknown("operator", field(entry, "op").unwrap_or(&Value::Null), &OPERATORS)
}

/// No program listens to what a profile would tell: an engine has no way to name one.
fn nobody_is_told() -> Wrong {
    let help = "write another action, such as `SCMP_ACT_ERRNO` or `SCMP_ACT_LOG`";
    Wrong::new("nobody listens to what `SCMP_ACT_NOTIFY` tells", help)
}

fn twice(object: &Map<String, Value>, one: &str, other: &str) -> Option<Wrong> {
    let has = |key| field(object, key).is_some_and(|value| !is_empty(value));
    let message = format!("the profile for seccomp has both `{one}` and `{other}` in one place");
    (has(one) && has(other)).then(|| Wrong::new(message, "keep one of them"))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn unknown(what: &str, word: &Value, known: &[&str]) -> Option<Wrong> {
    let text = word.as_str().map_or_else(|| word.to_string(), |text| text.escape_debug().to_string());
    if known.contains(&text.as_str()) {
        return None;
    }
    let Wrong { message, help } = suggest::unknown_name(
        &format!("{what} of seccomp"),
        &text,
        known.iter().copied(),
        format!("known are {}", known.join(", ")),
    );
    Some(Wrong::new(format!("in the profile, {message}"), help))
}

/// A field as Go finds it: in whichever case it is written.
fn field<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    let other_case = || object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value);
    object.get(key).or_else(other_case)
}

fn list<'a>(object: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    field(object, key).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::wrong_profile;

    #[test]
    fn profiles_that_an_engine_starts_are_right() {
        for profile in [
            "{}",
            r#"{"syscalls": []}"#,
            r#"{"defaultAction": "SCMP_ACT_LOG", "architectures": null, "syscalls": null}"#,
            r#"{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SCMP_FOO"], "syscalls": [{"names": ["no_such_call"], "action": "SCMP_ACT_ERRNO"}]}"#,
            r#"{"DefaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"Names": ["chmod"], "Action": "SCMP_ACT_ERRNO"}]}"#,
            r#"{"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}]}"#,
            r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "read", "names": [], "action": "SCMP_ACT_ALLOW",
                "args": [{"index": 5, "value": 1, "op": "SCMP_CMP_MASKED_EQ"}]}]}"#,
        ] {
            assert_eq!(wrong_profile(profile), None, "{profile}");
        }
    }

    #[test]
    fn profiles_that_no_engine_starts_are_told_why() {
        for (profile, message, help) in [
            ("[]", "no JSON", "./FILE"),
            (r#"{"syscalls": [{"names": ["chmod"], "action": "SCMP_ACT_ERRNO"}]}"#, "no `defaultAction`", "add"),
            (
                r#"{"defaultAction": "SCMP_ACT_ALOW"}"#,
                "no action of seccomp is called `SCMP_ACT_ALOW`",
                "did you mean `SCMP_ACT_ALLOW`?",
            ),
            (r#"{"defaultAction": 7}"#, "called `7`", "known are SCMP_ACT_ALLOW, "),
            (r#"{"defaultAction": "SCMP_ACT_NOTIFY"}"#, "nobody listens", "another action"),
            (
                r#"{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["amd64"]}"#,
                "no architecture of seccomp",
                "SCMP_ARCH_X86_64",
            ),
            (
                r#"{"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X87"]}]}"#,
                "SCMP_ARCH_X87",
                "did you mean",
            ),
            (
                r#"{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "archMap": [{"architecture": "SCMP_ARCH_X86"}]}"#,
                "both `architectures` and `archMap`",
                "keep one",
            ),
            (r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": ["chmod"]}"#, "is no object", "names"),
            (
                r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["chmod"]}]}"#,
                "called `null`",
                "known are",
            ),
            (
                r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "a", "names": ["b"], "action": "SCMP_ACT_LOG"}]}"#,
                "both `name` and `names`",
                "keep one",
            ),
            (
                r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_LOG", "args": [{"index": 1, "op": "EQ"}]}]}"#,
                "no operator of seccomp is called `EQ`",
                "SCMP_CMP_EQ",
            ),
            (
                r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_LOG", "args": [{"index": 6, "op": "SCMP_CMP_EQ"}]}]}"#,
                "an argument that no call has",
                "from 0 to 5",
            ),
        ] {
            let wrong = wrong_profile(profile).unwrap_or_else(|| panic!("{profile} is taken"));
            assert!(wrong.message.contains(message) && wrong.help.contains(help), "{profile}: {wrong:?}");
        }
    }
}
