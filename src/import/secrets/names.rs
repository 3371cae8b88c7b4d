//! Which names of settings speak of a password, a token or a key.

/// How the name of a setting ends that is a password.
const ENDINGS: [&str; 35] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "_PWD",
    "_PW",
    "MASTERAUTH",
    "CLI_AUTH",
    "NEO4J_AUTH",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "APP_KEY",
    "ACCESS_KEY",
    "ACCESSKEY",
    "ACCOUNT_KEY",
    "ACCOUNTKEY",
    "SECRET_KEY",
    "SECRET_KEY_BASE",
    "PRIVATE_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "MASTER_KEY",
    "SHARED_KEY",
    "LICENSE_KEY",
    "LICENCE_KEY",
    "AUTH_KEY",
    "AUTHKEY",
    "HMAC_KEY",
    "JWT_KEY",
    "WEBHOOK_KEY",
    "_SALT",
    "ERLANG_COOKIE",
    "CREDENTIALS",
];

/// Words that end like the name of a password, and are none.
const NO_PASSWORDS: [&str; 3] = ["ASKPASS", "BYPASS", "COMPASS"];

/// Words that speak of a password wherever they stand in a name, as in `DB_PASSWORD_PROD`.
const WORDS: [&str; 8] = ["PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIALS", "APIKEY"];

/// Last words of names that say something about a password, and not what it is.
const ABOUT: [&str; 71] = [
    "FILE",
    "FILES",
    "PATH",
    "DIR",
    "DIRECTORY",
    "FOLDER",
    "URL",
    "URI",
    "HOST",
    "PORT",
    "ENDPOINT",
    "ADDRESS",
    "NAME",
    "USER",
    "USERNAME",
    "ID",
    "LENGTH",
    "LEN",
    "SIZE",
    "MIN",
    "MAX",
    "TTL",
    "AGE",
    "EXPIRY",
    "EXPIRE",
    "EXPIRES",
    "EXPIRATION",
    "LIFETIME",
    "TIMEOUT",
    "INTERVAL",
    "DURATION",
    "DAYS",
    "HOURS",
    "MINUTES",
    "SECONDS",
    "POLICY",
    "TYPE",
    "KIND",
    "ALGORITHM",
    "ALG",
    "ENABLED",
    "ENABLE",
    "DISABLED",
    "DISABLE",
    "REQUIRED",
    "ALLOWED",
    "METHOD",
    "MODE",
    "FORMAT",
    "ENCODING",
    "HEADER",
    "CLAIM",
    "ISSUER",
    "AUDIENCE",
    "SCOPE",
    "REALM",
    "REGEX",
    "PATTERN",
    "COUNT",
    "LIMIT",
    "RESET",
    "EXCHANGE",
    "VERSION",
    "PROVIDER",
    "BACKEND",
    "ENGINE",
    "STORE",
    "MOUNT",
    "LOGIN",
    "PREFIX",
    "COMMAND",
];

/// How the name of a setting ends that holds a password among other things, without being a URL.
const CONNECTIONS: [&str; 3] = ["DSN", "DATA_SOURCE_NAME", "CONNECTION_STRING"];

/// Whether what is called so is a password, with this value.
pub(super) fn is_password(name: &str, value: &str) -> bool {
    let upper = upper(name);
    let bare = upper.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '_');
    let ends = ENDINGS.iter().any(|ending| bare.ends_with(ending)) && !NO_PASSWORDS.iter().any(|no| bare.ends_with(no));
    if ends {
        return true;
    }
    let mut words = bare.split('_').rev().peekable();
    let is_about = words.peek().is_some_and(|last| ABOUT.contains(last));
    let is_setting = value.parse::<f64>().is_ok() || value.starts_with(['/', '.']) || value.contains("://");
    !is_about && !is_setting && words.any(|word| WORDS.contains(&word))
}

/// Whether what is called so holds user, password and host.
pub(super) fn is_connection(name: &str, value: &str) -> bool {
    let upper = upper(name);
    CONNECTIONS.iter().any(|ending| upper.ends_with(ending)) && !value.contains("://") && value.contains('@')
}

fn upper(name: &str) -> String {
    name.to_ascii_uppercase().replace(['-', '.'], "_")
}

#[cfg(test)]
mod tests {
    use super::is_password;

    #[test]
    fn a_number_or_a_word_behind_it_leaves_a_password_a_password() {
        for name in ["PG_PASSWORD_1", "DB_PASS2", "DB_PASSWORD_PROD", "adminPassword", "jwt-secret", "TOKEN_OLD"] {
            assert!(is_password(name, "hunter2"), "{name}");
        }
        for (name, value) in [
            ("PASSWORD_MIN_LENGTH", "8"),
            ("POSTGRES_PASSWORD_FILE", "/run/secrets/db"),
            ("TOKEN_TTL", "1h"),
            ("TOKEN_GRACE", "3600"),
            ("TOKEN_SERVER", "https://auth.example"),
            ("SECRETS_SOURCE", "vault"),
            ("TLS_BYPASS", "all"),
            ("PWD", "/app"),
        ] {
            assert!(!is_password(name, value), "{name}");
        }
    }
}
