use super::*;

const CONFIG: &str = r#"{"current":"work","meta_path":"","profiles":[
    {"name":"default","mode":"AK","access_key_id":"idDefault","access_key_secret":"s3cretD","region_id":"cn-hangzhou"},
    {"name":"work","mode":"StsToken","access_key_id":"STS.work","access_key_secret":"s3cretW","sts_token":"t0kenW","retry_count":3},
    {"name":"guess","access_key_id":"STS.guess","access_key_secret":"s3cretG","sts_token":"t0kenG"},
    {"name":"role","mode":"RamRoleArn","access_key_id":"x","access_key_secret":"s3cretR","ram_role_arn":"acs:ram::1:role/r"},
    {"name":"half","mode":"AK","access_key_id":"x"}]}"#;

/// Resolves with these variables, and says `id source region` or the error.
fn check(vars: &[(&str, &str)], profile: Option<&str>, config: Option<&str>, expected: &str) {
    let env = |name: &str| {
        vars.iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    };
    let shown = match resolve(None, profile, &env, config) {
        Ok(found) => {
            let token = found.credential.token().unwrap_or("-");
            format!(
                "{} {token} from {} in {}",
                found.credential.access_key_id,
                found.source,
                found.region.as_deref().unwrap_or("-")
            )
        }
        Err(error) => error.to_string(),
    };
    assert_eq!(shown, expected);
}

const KEYS: [(&str, &str); 2] = [
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "idEnv"),
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s3cretE"),
];

#[test]
fn the_environment_comes_before_the_file() {
    check(
        &KEYS,
        None,
        Some(CONFIG),
        "idEnv - from environment (ALIBABA_CLOUD_ACCESS_KEY_ID) in -",
    );
    check(
        &[
            ("ALICLOUD_ACCESS_KEY", "idTf"),
            ("ALICLOUD_SECRET_KEY", "s"),
            ("ALICLOUD_SECURITY_TOKEN", "tok"),
            ("ALICLOUD_REGION", "cn-beijing"),
        ],
        None,
        None,
        "idTf tok from environment (ALICLOUD_ACCESS_KEY) in cn-beijing",
    );
    check(
        &[("ACCESS_KEY_ID", " idBare\n"), ("ACCESS_KEY_SECRET", "s")],
        None,
        None,
        "idBare - from environment (ACCESS_KEY_ID) in -",
    );
}

#[test]
fn an_asked_profile_comes_before_the_environment() {
    check(
        &KEYS,
        Some("default"),
        Some(CONFIG),
        "idDefault - from profile `default` in cn-hangzhou",
    );
    check(
        &KEYS,
        Some("default"),
        None,
        "profile `default` is not in config.json; it has: no profiles",
    );
}

#[test]
fn the_file_has_a_current_profile() {
    check(
        &[],
        None,
        Some(CONFIG),
        "STS.work t0kenW from profile `work` in -",
    );
    check(
        &[("ALIBABA_CLOUD_PROFILE", "guess")],
        None,
        Some(CONFIG),
        "STS.guess t0kenG from profile `guess` in -",
    );
}

#[test]
fn errors_say_what_to_do_and_no_secret() {
    check(
        &[
            ("ALIBABA_CLOUD_IGNORE_PROFILE", "TRUE"),
            ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://x"),
        ],
        None,
        Some(CONFIG),
        "no credentials found: set `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET`, or run `aliyun configure` \
         (`ALIBABA_CLOUD_CREDENTIALS_URI` is set, but that source of credentials is not supported: export temporary keys instead)",
    );
    check(
        &[("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s")],
        None,
        Some(CONFIG),
        "`ALIBABA_CLOUD_ACCESS_KEY_SECRET` is set but `ALIBABA_CLOUD_ACCESS_KEY_ID` is not",
    );
    check(
        &[],
        Some("nope"),
        Some(CONFIG),
        "profile `nope` is not in config.json; it has: `default`, `work`, `guess`, `role`, `half`",
    );
    check(
        &[],
        Some("half"),
        Some(CONFIG),
        "profile `half` of mode `AK` lacks `access_key_secret`",
    );
    check(
        &[],
        Some("role"),
        Some(CONFIG),
        "profile `role` has mode `RamRoleArn`, which is not supported: assume the role with `aliyun sts AssumeRole` and export its keys as \
         `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and `ALIBABA_CLOUD_SECURITY_TOKEN`",
    );
    let broken = CONFIG.replace("\"s3cretD\"", "s3cretD");
    check(
        &[],
        None,
        Some(&broken),
        "config.json of the aliyun CLI cannot be read: not the expected JSON at line 2, column 83",
    );
    check(
        &[("ACCESS_KEY_ID", "a b"), ("ACCESS_KEY_SECRET", "s")],
        None,
        None,
        "the access key id from environment (ACCESS_KEY_ID) holds characters that no key has; was \
         it copied whole?",
    );
}

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?}", Credential::temporary("id", "s3cret", "t0ken"));
    assert_eq!(
        shown,
        "Credential { access_key_id: \"id\", temporary: true, .. }"
    );
}

#[test]
fn the_file_is_where_the_cli_keeps_it() {
    let env = |name: &str| (name == "HOME").then(|| "/home/a".to_owned());
    assert_eq!(
        config_path(&env).as_deref(),
        Some("/home/a/.aliyun/config.json")
    );
    assert_eq!(config_path(&|_| None), None);
}
