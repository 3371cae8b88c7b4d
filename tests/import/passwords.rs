//! Passwords do not come into the stack file, wherever they stand in the source, and are said of what cannot be moved.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use stackctl::command::VOCABULARY;
use stackctl::import::RemarkKind;
use stackctl::stack::{self, Environment};

use crate::{folder, imported, mode, refused, remarks_about, stackctl};

#[test]
fn passwords_in_lists_urls_headers_flags_and_driver_options_go_beside_the_stack_file() {
    let compose = "services:\n  db:\n    image: acme/db:1\n    environment:\n      - PG_PASSWORD_1=hunter2-a\n      - DB_PASS2=hunter2-b\n      \
                   - DATABASE_URL=postgres://${U:-shop}:${P:-hunter2-c}@db/shop\n      \
                   - SPRING_URL=jdbc:postgresql://db/shop?user=u&password=hunter2-d\n      \
                   - \"UPSTREAM_HEADER=Authorization: Bearer hunter2-e\"\n      \
                   - 'REGISTRY={\"user\": \"u\", \"password\": \"hunter2-f\"}'\n    \
                   command: [serve, --set, admin.token=hunter2-g, --api-key, hunter2-h]\n    \
                   healthcheck: { test: \"curl -fs -H 'Authorization: Bearer hunter2-i' http://localhost\" }\n    \
                   build: { context: ., args: [NPM_TOKEN=hunter2-j] }\n    volumes: ['share:/share']\n\
                   volumes:\n  share: { driver_opts: { type: cifs, o: 'addr=nas,username=u,password=hunter2-k', device: //nas/x } }\n";
    let above = folder(&[("compose.yml", compose)]);
    let shop = above.path().join("shop");
    let run = stackctl(&shop, &["import", ".", "-o", "stack.yml"]);
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(0), "{said}");
    let text = fs::read_to_string(shop.join("stack.yml")).unwrap();
    assert!(!text.contains("hunter2") && !said.contains("hunter2"), "{text}\n{said}");
    let beside = fs::read_to_string(shop.join(".env")).unwrap();
    for letter in 'a'..='k' {
        assert!(beside.contains(&format!("'hunter2-{letter}'")), "{letter}: {beside}");
    }
    let loaded = stack::load(&[shop.join("stack.yml")], &Environment::default(), &VOCABULARY).unwrap();
    let db = &loaded.stack.apps[&"db".parse::<stack::ServiceName>().unwrap()].container;
    for (name, value) in [
        ("PG_PASSWORD_1", "hunter2-a"),
        ("DATABASE_URL", "postgres://shop:hunter2-c@db/shop"),
        ("SPRING_URL", "jdbc:postgresql://db/shop?user=u&password=hunter2-d"),
        ("UPSTREAM_HEADER", "Authorization: Bearer hunter2-e"),
        ("REGISTRY", "{\"user\": \"u\", \"password\": \"hunter2-f\"}"),
    ] {
        assert_eq!(db.environment[name], value);
    }
    let command = format!("{:?}", db.command);
    assert!(command.contains("admin.token=hunter2-g") && command.contains("hunter2-h"), "{command}");
    let volume = format!("{:?}", loaded.stack.volumes);
    assert!(volume.contains("addr=nas,username=u,password=hunter2-k"), "{volume}");
}

#[test]
fn a_password_that_only_its_program_knows_as_one_is_named() {
    for command in ["mysqld_safe && mysql -uroot -phunter2", "redis-cli -a hunter2 monitor"] {
        let compose = format!("services:\n  job:\n    image: acme/job:1\n    command: {command}\n");
        let imported = imported(&[("compose.yml", &compose)]);
        assert_eq!(remarks_about(&imported, "services.job.command"), [RemarkKind::Habit], "{command}");
    }
    let silent = "services: { job: { image: 'acme/job:1', command: 'mkdir -p /x && mysql -p$$MYSQL_PASSWORD' } }\n";
    assert_eq!(remarks_about(&imported(&[("compose.yml", silent)]), "services.job.command"), []);
}

#[test]
fn the_place_of_a_mistake_is_shown_without_the_passwords_on_its_line() {
    for line in [
        "environment: { DB_PASSWORD_1: hunter2, A: [ }",
        "environment: [DB_PASSWORD=hunter2, 'A=b]",
        "environment: { URL: 'postgres://u:hunter2@db', A: [ }",
        "command: [redis-server, --requirepass, hunter2, 'x]",
    ] {
        let said = refused(&[("compose.yml", &format!("services:\n  db:\n    image: x:1\n    {line}\n"))]);
        assert!(said.contains("compose.yml:") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn passwords_lie_there_before_the_stack_file_that_needs_them() {
    let compose = "services: { db: { image: 'db:1', environment: { DB_PASSWORD: hunter2 } } }\n";
    let above = folder(&[("compose.yml", compose)]);
    let shop = above.path().join("shop");
    fs::create_dir(shop.join(".env")).unwrap();
    let run = stackctl(&shop, &["import", "compose.yml", "-o", "stack.yml"]);
    assert_eq!(run.status.code(), Some(2), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(!shop.join("stack.yml").exists(), "a stack file without its passwords");
}

#[test]
fn an_env_file_that_is_a_link_stays_as_open_and_as_it_was() {
    let compose = "services: { db: { image: 'db:1', environment: { DB_PASSWORD: hunter2 } } }\n";
    let above = folder(&[("compose.yml", compose), ("../shared.env", "LEVEL=info\n")]);
    let shop = above.path().join("shop");
    let shared = above.path().join("shared.env");
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink("../shared.env", shop.join(".env")).unwrap();
    let run = stackctl(&shop, &["import", "compose.yml", "-o", "stack.yml"]);
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(0), "{said}");
    assert!(said.contains("went into `.env.stackctl`") && said.contains("`.env` is a link"), "{said}");
    assert_eq!((mode(&shared), fs::read_to_string(&shared).unwrap().as_str()), (0o644, "LEVEL=info\n"));
    assert_eq!(mode(&shop.join(".env.stackctl")), 0o600);
    assert_eq!(stackctl(&shop, &["check"]).status.code(), Some(0));
}
