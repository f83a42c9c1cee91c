//! A call as a value: an action and its flattened parameters, not yet signed.

use crate::action::Action;
use crate::flatten::{Arg, flatten};

/// One call. `params` are flattened (`Tag.1.Key`), in a stable order, without `Action`, `Version`
/// and signature fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The action.
    pub action: &'static Action,
    /// The region whose endpoint is called. It is also sent as `RegionId` if the action has it.
    pub region: String,
    /// Flattened parameters, sorted by name, each name once.
    pub params: Vec<(String, String)>,
}

/// Reasons why arguments are not a valid call. Both are errors of the calling code, found before
/// anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The action has no such parameter.
    #[error("{action} takes no parameter `{name}`")]
    UnknownParam {
        /// The action.
        action: &'static str,
        /// The flattened name.
        name: String,
    },
    /// Two arguments have the same flattened name.
    #[error("parameter `{name}` of {action} is given twice")]
    Twice {
        /// The action.
        action: &'static str,
        /// The flattened name.
        name: String,
    },
}

impl Request {
    /// Flattens the arguments and checks their names against the table of actions.
    ///
    /// # Errors
    ///
    /// If the action does not have a name, or a name occurs twice.
    pub fn new(
        action: &'static Action,
        region: impl Into<String>,
        args: &[(String, Arg)],
    ) -> Result<Self, RequestError> {
        let params = flatten(args);
        for (at, (name, _)) in params.iter().enumerate() {
            if action.param_of(name).is_none() {
                return Err(RequestError::UnknownParam {
                    action: action.name,
                    name: name.clone(),
                });
            }
            if at > 0 && params[at - 1].0 == *name {
                return Err(RequestError::Twice {
                    action: action.name,
                    name: name.clone(),
                });
            }
        }
        Ok(Self {
            action,
            region: region.into(),
            params,
        })
    }

    /// The value of a flattened parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The parameters that are sent: `params`, and the region if the action has a parameter for it
    /// and the caller has not set it.
    #[must_use]
    pub fn wire_params(&self) -> Vec<(String, String)> {
        let mut params = self.params.clone();
        if let Some(name) = self.action.region_param()
            && self.param(name).is_none()
        {
            params.push((name.to_owned(), self.region.clone()));
            params.sort();
        }
        params
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{ecs, sts, vpc};

    fn args(list: &[(&str, &str)]) -> Vec<(String, Arg)> {
        list.iter()
            .map(|(name, value)| ((*name).to_owned(), Arg::text(*value)))
            .collect()
    }

    #[test]
    fn the_region_is_sent_where_it_is_taken() {
        let names = |action, list: &[(&str, &str)]| {
            let request = Request::new(action, "cn-beijing", &args(list)).unwrap();
            request
                .wire_params()
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            names(&vpc::CREATE_VPC, &[("VpcName", "a"), ("CidrBlock", "b")]),
            "CidrBlock=b RegionId=cn-beijing VpcName=a"
        );
        assert_eq!(names(&vpc::CREATE_VPC, &[("RegionId", "x")]), "RegionId=x");
        assert_eq!(names(&sts::GET_CALLER_IDENTITY, &[]), "");
        assert_eq!(
            names(&ecs::CREATE_AUTO_SNAPSHOT_POLICY, &[]),
            "regionId=cn-beijing"
        );
    }

    #[test]
    fn names_are_checked_before_sending() {
        let error = |list: &[(&str, &str)]| {
            Request::new(&vpc::CREATE_VPC, "r", &args(list))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error(&[("VpcNam", "a")]),
            "CreateVpc takes no parameter `VpcNam`"
        );
        assert_eq!(
            error(&[("VpcName", "a"), ("VpcName", "b")]),
            "parameter `VpcName` of CreateVpc is given twice"
        );
    }
}
