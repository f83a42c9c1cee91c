//! The parameters of RunInstances and CreateInstance, read and checked before anything is created.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use setpoint_openapi::timestamp::Timestamp;

use crate::call::Call;
use crate::names;
use crate::product::ecs::image::{self, ImageFacts};
use crate::product::ecs::instance::{Internet, MetadataOptions, Spot};
use crate::product::ecs::instance_type::{self, InstanceType};
use crate::product::ecs::{key_pair, security_group};
use crate::product::vpc::vswitch::{self, VSwitch};
use crate::refusal::Refusal;
use crate::world::World;

/// Type and image, which must fit each other.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) kind: &'static InstanceType,
    pub(crate) image: ImageFacts,
}

/// Reads type and image.
pub(crate) fn machine(world: &World, call: &Call<'_>) -> Result<Machine, Refusal> {
    let kind = instance_type::find(call.need("InstanceType")?)?;
    let image = match (call.given("ImageId"), call.given("ImageFamily")) {
        (Some(id), None) => image::find(world, id)?,
        (None, Some(family)) => image::newest(world, family)?,
        (None, None) => return Err(Refusal::missing("ImageId")),
        (Some(_), Some(_)) => {
            return Err(Refusal::bad(
                "InvalidParameter.Conflict",
                "ImageId and ImageFamily exclude each other.",
            ));
        }
    };
    if !image::visible(world, &image.id, call.region_needed()?) {
        return Err(Refusal::absent(
            "InvalidImageId.NotFound",
            format!("The specified ImageId {} does not exist.", image.id),
        ));
    }
    check_fit(kind, &image)?;
    Ok(Machine { kind, image })
}

/// An image runs on its own architecture only, and must not have been withdrawn.
pub(crate) fn check_fit(kind: &InstanceType, image: &ImageFacts) -> Result<(), Refusal> {
    if image.status != "Available" && image.status != "Deprecated" {
        return Err(Refusal::denied(
            "OperationDenied.ImageNotValid",
            "The specified image is invalid.",
        ));
    }
    if kind.architecture.image_name() != image.architecture {
        let message = format!(
            "The image {} does not support the instance type {}.",
            image.id, kind.id
        );
        return Err(Refusal::denied("ImageNotSupportInstanceType", message));
    }
    Ok(())
}

/// The VSwitch of a call. It must be Available, and in the zone if the call names one.
pub(crate) fn subnet(world: &World, call: &Call<'_>) -> Result<VSwitch, Refusal> {
    let id = call.need("VSwitchId")?;
    let vswitch = vswitch::find(world, call, id)?;
    if call
        .given("ZoneId")
        .is_some_and(|zone| zone != vswitch.zone)
    {
        return Err(Refusal::bad(
            "InvalidParameter.Mismatch",
            "The specified zone is not that of the VSwitch.",
        ));
    }
    if vswitch.state != vswitch::State::Available {
        return Err(Refusal::bad(
            "IncorrectVSwitchStatus",
            format!("The VSwitch {id} is Pending."),
        ));
    }
    Ok(vswitch.clone())
}

/// Checks the security groups of an instance: they exist, are of one type and in the VPC, are not
/// too many, and have room for more members.
pub(crate) fn check_groups(
    world: &World,
    call: &Call<'_>,
    vpc: &str,
    ids: &[&str],
    joining: usize,
) -> Result<(), Refusal> {
    if ids.len() > world.options.quotas.groups_of_instance {
        return Err(Refusal::bad(
            "InstanceSecurityGroupLimitExceeded",
            "The maximum number of security groups of an instance is exceeded.",
        ));
    }
    let mut types = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        let group = security_group::find(world, call, id)?;
        if ids[..n].contains(id) {
            return Err(Refusal::bad(
                "InvalidSecurityGroupIds.Duplicated",
                format!("The security group {id} is given twice."),
            ));
        }
        if group.vpc != vpc {
            let message =
                format!("The security group {id} and the VSwitch are not in the same VPC.");
            return Err(Refusal::denied(
                "OperationDenied.InconsistentNetwork",
                message,
            ));
        }
        let quotas = &world.options.quotas;
        let room = if group.enterprise {
            quotas.addresses_of_enterprise_group
        } else {
            quotas.addresses_of_group
        };
        if security_group::members(world, id) + joining > room {
            return Err(Refusal::denied(
                "SecurityGroupInstanceLimitExceed",
                format!("The security group {id} is full."),
            ));
        }
        types.push(group.enterprise);
    }
    if types.contains(&true) && types.contains(&false) {
        return Err(Refusal::bad(
            "InvalidParameter.Mismatch",
            "Security groups of different types cannot be mixed.",
        ));
    }
    Ok(())
}

/// `SecurityGroupId` or `SecurityGroupIds.N`, one of them.
pub(crate) fn group_ids<'a>(call: &Call<'a>) -> Result<Vec<&'a str>, Refusal> {
    let (one, many) = (call.given("SecurityGroupId"), call.list("SecurityGroupIds"));
    match one {
        Some(_) if !many.is_empty() => Err(Refusal::bad(
            "InvalidParameter.Conflict",
            "SecurityGroupId and SecurityGroupIds exclude each other.",
        )),
        Some(id) => Ok(vec![id]),
        None if many.is_empty() => Err(Refusal::missing("SecurityGroupId")),
        None => Ok(many),
    }
}

/// A display name that is not empty.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    let fits = names::is_text(name, 2, 128)
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || ":_.-[],".contains(letter));
    if fits {
        Ok(())
    } else {
        Err(Refusal::bad(
            "InvalidInstanceName.Malformed",
            "The specified parameter \"InstanceName\" is not valid.",
        ))
    }
}

/// A description that is not empty.
pub(crate) fn check_description(text: &str) -> Result<(), Refusal> {
    let refusal = || {
        Refusal::bad(
            "InvalidDescription.Malformed",
            "The specified parameter \"Description\" is not valid.",
        )
    };
    names::is_text(text, 2, 256)
        .then_some(())
        .ok_or_else(refusal)
}

/// A host name of Linux, or the shorter one of Windows.
pub(crate) fn check_host_name(name: &str, os_type: &str) -> Result<(), Refusal> {
    let letters = |text: &str| {
        text.chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    let fits = if os_type == "windows" {
        (2..=15).contains(&name.len())
            && letters(name)
            && !name.chars().all(|letter| letter.is_ascii_digit())
    } else {
        (2..=64).contains(&name.len())
            && name
                .split('.')
                .all(|segment| !segment.is_empty() && letters(segment))
    };
    let bad_ends = name.starts_with(['-', '.'])
        || name.ends_with(['-', '.'])
        || name.contains("--")
        || name.contains("..");
    if fits && !bad_ends {
        Ok(())
    } else {
        Err(Refusal::bad(
            "InvalidHostName.Malformed",
            "The specified parameter \"HostName\" is not valid.",
        ))
    }
}

/// A log-in password: 8 to 30 characters of three of the four classes.
pub(crate) fn check_password(password: &str, os_type: &str) -> Result<(), Refusal> {
    let special = "()`~!@#$%^&*-_+=|{}[]:;'<>,.?/";
    let classes = [
        password.chars().any(|letter| letter.is_ascii_uppercase()),
        password.chars().any(|letter| letter.is_ascii_lowercase()),
        password.chars().any(|letter| letter.is_ascii_digit()),
        password.chars().any(|letter| special.contains(letter)),
    ];
    let known = password
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || special.contains(letter));
    let fits = (8..=30).contains(&password.len())
        && known
        && classes.iter().filter(|class| **class).count() >= 3;
    if fits && !(os_type == "windows" && password.starts_with('/')) {
        return Ok(());
    }
    Err(Refusal::bad(
        "InvalidPassword.Malformed",
        "The specified parameter \"Password\" is not valid.",
    ))
}

/// User data: base64 of at most 32 KB.
pub(crate) fn check_user_data(text: &str) -> Result<(), Refusal> {
    let bytes = STANDARD.decode(text);
    let bytes = bytes.map_err(|_| {
        Refusal::bad(
            "InvalidUserData.Base64FormatInvalid",
            "The specified UserData is not valid base64.",
        )
    })?;
    if bytes.len() > 32 << 10 {
        return Err(Refusal::bad(
            "InvalidUserData.SizeExceeded",
            "The specified UserData exceeds 32 KB.",
        ));
    }
    Ok(())
}

/// Key pair or password; it must not be both inherited from the image and given.
pub(crate) fn check_login(
    world: &World,
    call: &Call<'_>,
    os_type: &str,
) -> Result<String, Refusal> {
    let inherits = call.flag("PasswordInherit")?.unwrap_or(false);
    if let Some(password) = call.given("Password") {
        if inherits {
            return Err(Refusal::bad(
                "InvalidPasswordParam.Mismatch",
                "Password and PasswordInherit exclude each other.",
            ));
        }
        check_password(password, os_type)?;
    }
    let Some(name) = call.given("KeyPairName") else {
        return Ok(String::new());
    };
    key_pair::require(world, call.region_needed()?, name)?;
    if os_type == "windows" {
        return Err(Refusal::denied(
            "DependencyViolation.WindowsInstance",
            "A Windows instance cannot have a key pair.",
        ));
    }
    Ok(name.to_owned())
}

/// Incoming bandwidth: at most 10 Mbit/s, or as much as outgoing, which is the default.
pub(crate) fn bandwidth_in(call: &Call<'_>, bandwidth_out: i64) -> Result<i64, Refusal> {
    let limit = bandwidth_out.max(10);
    let wanted = call.int("InternetMaxBandwidthIn")?.unwrap_or(limit);
    if (1..=limit).contains(&wanted) {
        return Ok(wanted);
    }
    Err(Refusal::bad(
        "InvalidInternetMaxBandwidthIn.ValueNotSupported",
        "InternetMaxBandwidthIn is out of range.",
    ))
}

/// Public bandwidth, without an address.
pub(crate) fn internet(call: &Call<'_>) -> Result<Internet, Refusal> {
    let bandwidth_out = call.int("InternetMaxBandwidthOut")?.unwrap_or(0);
    if !(0..=100).contains(&bandwidth_out) {
        return Err(Refusal::bad(
            "InvalidInternetMaxBandwidthOut.ValueNotSupported",
            "InternetMaxBandwidthOut must be 0 to 100.",
        ));
    }
    let bandwidth_in = bandwidth_in(call, bandwidth_out)?;
    let charge_type = internet_charge_type(call.given("InternetChargeType"))?;
    Ok(Internet {
        charge_type,
        bandwidth_in,
        bandwidth_out,
        address: None,
    })
}

pub(crate) fn internet_charge_type(text: Option<&str>) -> Result<String, Refusal> {
    match text {
        None => Ok("PayByTraffic".to_owned()),
        Some(text @ ("PayByTraffic" | "PayByBandwidth")) => Ok(text.to_owned()),
        Some(_) => Err(Refusal::bad(
            "InvalidInternetChargeType.ValueNotSupported",
            "The specified InternetChargeType is not valid.",
        )),
    }
}

/// `PostPaid` or `PrePaid` with its period.
pub(crate) fn charge_type(call: &Call<'_>) -> Result<String, Refusal> {
    call.harmless(&["AutoPay"]);
    let (period, unit) = (
        call.int("Period")?,
        call.given("PeriodUnit").unwrap_or("Month"),
    );
    match call.given("InstanceChargeType").unwrap_or("PostPaid") {
        "PostPaid" => Ok("PostPaid".to_owned()),
        "PrePaid" => {
            let allowed: &[i64] = if unit == "Week" {
                &[1, 2, 3, 4]
            } else {
                &[1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36, 48, 60]
            };
            match period {
                Some(period) if allowed.contains(&period) => Ok("PrePaid".to_owned()),
                _ => Err(Refusal::bad(
                    "InvalidPeriod.ValueNotSupported",
                    "The specified Period is not valid.",
                )),
            }
        }
        _ => Err(Refusal::bad(
            "InvalidInstanceChargeType.ValueNotSupported",
            "The specified InstanceChargeType is not valid.",
        )),
    }
}

/// The bid of a spot instance.
pub(crate) fn spot(call: &Call<'_>, charge_type: &str) -> Result<Spot, Refusal> {
    let strategy = call.given("SpotStrategy").unwrap_or("NoSpot");
    let price_limit = call.decimal("SpotPriceLimit")?;
    let duration = call.int("SpotDuration")?;
    let interruption = call
        .given("SpotInterruptionBehavior")
        .unwrap_or("Terminate");
    if !matches!(strategy, "NoSpot" | "SpotWithPriceLimit" | "SpotAsPriceGo") {
        return Err(Refusal::bad(
            "InvalidSpotStrategy",
            "The specified SpotStrategy is not valid.",
        ));
    }
    if strategy != "NoSpot" && charge_type == "PrePaid" {
        return Err(Refusal::bad(
            "InvalidSpotPrepaid",
            "A subscription cannot be a spot instance.",
        ));
    }
    if duration.is_some_and(|hours| !(0..=6).contains(&hours)) {
        return Err(Refusal::bad(
            "InvalidSpotDuration",
            "The specified SpotDuration is not valid.",
        ));
    }
    if !matches!(interruption, "Terminate" | "Stop") {
        return Err(Refusal::invalid("SpotInterruptionBehavior"));
    }
    if strategy == "SpotWithPriceLimit" && price_limit.is_none_or(|limit| limit <= 0.0) {
        return Err(Refusal::bad(
            "InvalidSpotPriceLimit.LowerThanPublicPrice",
            "The specified SpotPriceLimit is too low.",
        ));
    }
    Ok(Spot {
        strategy: strategy.to_owned(),
        price_limit: price_limit.unwrap_or(0.0),
        duration: duration.unwrap_or(i64::from(strategy != "NoSpot")),
        interruption: interruption.to_owned(),
    })
}

/// Access to the metadata service: the parameters of the call over the current values.
pub(crate) fn metadata(
    call: &Call<'_>,
    so_far: &MetadataOptions,
) -> Result<MetadataOptions, Refusal> {
    let endpoint = call.given("HttpEndpoint").unwrap_or(&so_far.endpoint);
    let tokens = call.given("HttpTokens").unwrap_or(&so_far.tokens);
    if !matches!(endpoint, "enabled" | "disabled") {
        return Err(Refusal::bad(
            "InvalidHttpEndpoint.NotSupported",
            "The specified HttpEndpoint is not valid.",
        ));
    }
    if !matches!(tokens, "optional" | "required") {
        return Err(Refusal::bad(
            "InvalidHttpTokens.NotSupported",
            "The specified HttpTokens is not valid.",
        ));
    }
    Ok(MetadataOptions {
        endpoint: endpoint.to_owned(),
        tokens: tokens.to_owned(),
        hop_limit: call
            .int("HttpPutResponseHopLimit")?
            .unwrap_or(so_far.hop_limit),
        tags: so_far.tags.clone(),
    })
}

/// The release time of a call, at least half an hour in the future.
pub(crate) fn auto_release(world: &World, call: &Call<'_>) -> Result<Option<i64>, Refusal> {
    let Some(text) = call.given("AutoReleaseTime") else {
        return Ok(None);
    };
    let malformed = || {
        Refusal::bad(
            "InvalidAutoReleaseTime.Malformed",
            "The specified AutoReleaseTime is not valid.",
        )
    };
    let moment = Timestamp::parse(text).ok_or_else(malformed)?;
    if moment.0 < world.now_ms() + 30 * 60 * 1000 {
        Err(malformed())
    } else {
        Ok(Some(moment.0))
    }
}
