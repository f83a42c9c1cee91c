//! A call as its handler sees it: typed access to the flattened parameters.
//!
//! Invariant: every parameter that a handler reads is recorded, so that the world can refuse a call
//! with a parameter that its handler did not read. Nothing that a client sends is ignored silently.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;

use crate::params::Params;
use crate::refusal::Refusal;

/// The result of a handler: the body of the answer without `RequestId`, or a refusal.
pub(crate) type Answer = Result<serde_json::Value, Refusal>;

/// A call whose signature, action and parameter names were checked.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The region that the request names, by parameter or host. `None`: the host names none, and
    /// the ids in the call decide.
    pub(crate) region: Option<&'a str>,
    fields: Fields<'a>,
}

/// The parameters below a prefix: those of the whole call, or of one row of a structured list.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    all: &'a Params,
    read: &'a RefCell<BTreeSet<String>>,
    prefix: String,
}

impl<'a> Deref for Call<'a> {
    type Target = Fields<'a>;
    fn deref(&self) -> &Self::Target {
        &self.fields
    }
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        region: Option<&'a str>,
        all: &'a Params,
        read: &'a RefCell<BTreeSet<String>>,
    ) -> Self {
        Self {
            region,
            fields: Fields {
                all,
                read,
                prefix: String::new(),
            },
        }
    }

    /// The same call with other parameters: those of a template, overridden by those of the call.
    #[must_use]
    pub(crate) fn with<'b>(&self, all: &'b Params) -> Call<'b>
    where
        'a: 'b,
    {
        Call {
            region: self.region,
            fields: Fields {
                all,
                read: self.fields.read,
                prefix: String::new(),
            },
        }
    }

    /// All parameters of the call.
    pub(crate) fn params(&self) -> &'a Params {
        self.fields.all
    }

    /// The first parameter with a value that the handler did not read.
    #[must_use]
    pub(crate) fn unread(&self) -> Option<&'a str> {
        let read = self.fields.read.borrow();
        self.fields
            .all
            .iter()
            .find(|(name, value)| !value.is_empty() && !read.contains(*name))
            .map(|(name, _)| name)
    }

    /// The region, for an action that needs one.
    ///
    /// # Errors
    /// `MissingParameter` if neither parameter nor host names one.
    pub(crate) fn region_needed(&self) -> Result<&'a str, Refusal> {
        self.region.ok_or_else(|| Refusal::missing("RegionId"))
    }

    /// Whether the call is about resources of this region.
    #[must_use]
    pub(crate) fn in_region(&self, region: &str) -> bool {
        self.region.is_none_or(|named| named == region)
    }
}

impl<'a> Fields<'a> {
    /// The text of a parameter, which may be empty; `None` if it was not sent.
    #[must_use]
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        let full = format!("{}{name}", self.prefix);
        let value = self.all.get(&full)?;
        self.read.borrow_mut().insert(full);
        Some(value)
    }

    /// The text of a parameter; `None` if it was not sent or is empty, which most actions do not
    /// distinguish.
    #[must_use]
    pub(crate) fn given(&self, name: &str) -> Option<&'a str> {
        self.text(name).filter(|value| !value.is_empty())
    }

    /// The text of a mandatory parameter.
    ///
    /// # Errors
    /// `MissingParameter`.
    pub(crate) fn need(&self, name: &str) -> Result<&'a str, Refusal> {
        self.given(name)
            .ok_or_else(|| Refusal::missing(&format!("{}{name}", self.prefix)))
    }

    /// A whole number.
    ///
    /// # Errors
    /// `InvalidParameter` if the text is not a whole number.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.given(name)
            .map(|text| text.trim().parse().map_err(|_| Refusal::invalid(name)))
            .transpose()
    }

    /// A size or a count; 0, which clients send for "not set", counts as absent.
    ///
    /// # Errors
    /// `InvalidParameter` if the text is not a whole number.
    pub(crate) fn size(&self, name: &str) -> Result<Option<i64>, Refusal> {
        Ok(self.int(name)?.filter(|size| *size != 0))
    }

    /// A decimal number.
    ///
    /// # Errors
    /// `InvalidParameter` if the text is not a decimal number.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<f64>, Refusal> {
        let number = self
            .given(name)
            .map(|text| text.trim().parse().map_err(|_| Refusal::invalid(name)))
            .transpose()?;
        if number.is_some_and(|value: f64| !value.is_finite()) {
            return Err(Refusal::invalid(name));
        }
        Ok(number)
    }

    /// A boolean in upper or lower case: some clients send `True`.
    ///
    /// # Errors
    /// `InvalidParameter` if the text is neither true nor false.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.given(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::invalid(name)),
        }
    }

    /// The values of `Name.1`, `Name.2` … in the order of their numbers; gaps are allowed.
    #[must_use]
    pub(crate) fn list(&self, name: &str) -> Vec<&'a str> {
        self.numbers(name)
            .into_iter()
            .filter_map(|n| self.given(&format!("{name}.{n}")))
            .collect()
    }

    /// The rows of `Name.1.X`, `Name.2.X` … in the order of their numbers; gaps are allowed.
    #[must_use]
    pub(crate) fn rows(&self, name: &str) -> Vec<Self> {
        self.numbers(name)
            .into_iter()
            .map(|n| self.part(&format!("{name}.{n}.")))
            .collect()
    }

    /// The parameters below `Name.`.
    #[must_use]
    pub(crate) fn part(&self, prefix: &str) -> Self {
        Self {
            prefix: format!("{}{prefix}", self.prefix),
            ..self.clone()
        }
    }

    /// The texts of a JSON array, as in `InstanceIds` of DescribeInstances.
    ///
    /// # Errors
    /// `code` if the text is not such an array.
    pub(crate) fn json_list(
        &self,
        name: &str,
        code: &'static str,
    ) -> Result<Option<Vec<String>>, Refusal> {
        let Some(text) = self.given(name) else {
            return Ok(None);
        };
        let list = serde_json::from_str(text).map_err(|_| {
            Refusal::bad(
                code,
                format!("The specified {name} is not a JSON array of texts."),
            )
        })?;
        Ok(Some(list))
    }

    /// Accepts parameters without an effect that could be read back: payment, languages, hints.
    pub(crate) fn harmless(&self, names: &[&str]) {
        for name in names {
            let _seen = self.text(name);
        }
    }

    /// Accepts a parameter only with the value of the simulator's behaviour.
    ///
    /// # Errors
    /// [`NOT_MODELLED`](crate::refusal::NOT_MODELLED) for any other value.
    pub(crate) fn only(&self, name: &str, usual: &str) -> Result<(), Refusal> {
        match self.given(name) {
            Some(value) if !value.eq_ignore_ascii_case(usual) => Err(Refusal::not_modelled(name)),
            _ => Ok(()),
        }
    }

    /// Whether a parameter with this name, or below it, was sent.
    #[must_use]
    pub(crate) fn any(&self, name: &str) -> bool {
        let full = format!("{}{name}", self.prefix);
        let below = format!("{full}.");
        self.all.contains(&full)
            || self
                .all
                .range_from(&below)
                .next()
                .is_some_and(|(key, _)| key.starts_with(&below))
    }

    /// Accepts all parameters below the prefix, for a row of a batch that was refused.
    pub(crate) fn read_all(&self) {
        for (key, _) in self
            .all
            .range_from(&self.prefix)
            .take_while(|(key, _)| key.starts_with(&self.prefix))
        {
            self.read.borrow_mut().insert(key.to_owned());
        }
    }

    fn numbers(&self, name: &str) -> BTreeSet<u32> {
        let below = format!("{}{name}.", self.prefix);
        let mut numbers = BTreeSet::new();
        for (key, _) in self.all.range_from(&below) {
            let Some(rest) = key.strip_prefix(&below) else {
                break;
            };
            let digits = rest.split('.').next().unwrap_or_default();
            if let Ok(number) = digits.parse() {
                numbers.insert(number);
            }
        }
        numbers
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields")
            .field("prefix", &self.prefix)
            .field("all", self.all)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)], look: impl FnOnce(&Call<'_>)) -> BTreeSet<String> {
        let all = Params::from_pairs(
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        );
        let read = RefCell::new(BTreeSet::new());
        look(&Call::new(None, &all, &read));
        read.into_inner()
    }

    #[test]
    fn lists_follow_their_numbers_and_bear_gaps() {
        with(
            &[
                ("A.10", "ten"),
                ("A.2", "two"),
                ("AB.1", "other"),
                ("A.2x", "no"),
            ],
            |call| assert_eq!(call.list("A"), ["two", "ten"]),
        );
    }

    #[test]
    fn rows_nest() {
        let pairs = [
            ("NetworkInterface.1.SecurityGroupIds.2", "sg-b"),
            ("NetworkInterface.1.SecurityGroupIds.1", "sg-a"),
        ];
        let read = with(&pairs, |call| {
            assert_eq!(
                call.rows("NetworkInterface")[0].list("SecurityGroupIds"),
                ["sg-a", "sg-b"]
            )
        });
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn booleans_of_python_are_understood() {
        with(&[("A", "True"), ("B", "false"), ("C", "yes")], |call| {
            assert_eq!(call.flag("A"), Ok(Some(true)));
            assert_eq!(call.flag("B"), Ok(Some(false)));
            assert!(call.flag("C").is_err());
            assert_eq!(call.flag("D"), Ok(None));
        });
    }

    #[test]
    fn what_nobody_read_is_known() {
        let read = with(&[("A", "1"), ("B", "2")], |call| {
            assert_eq!(call.text("A"), Some("1"))
        });
        assert_eq!(read.into_iter().collect::<Vec<_>>(), ["A"]);
    }

    #[test]
    fn only_the_usual_value_passes() {
        with(&[("A", "false"), ("B", "true")], |call| {
            assert_eq!(call.only("A", "false"), Ok(()));
            assert_eq!(call.only("B", "false"), Err(Refusal::not_modelled("B")));
        });
    }
}
