//! One call as a handler sees it: typed access to flattened parameters.
//!
//! Invariant: every parameter that a handler has looked at is remembered, so that the world can refuse a call that
//! gave something which nobody looked at.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;

use crate::params::Params;
use crate::refusal::Refusal;

/// What a handler returns: the answer's body without `RequestId`, or a refusal.
pub(crate) type Answer = Result<serde_json::Value, Refusal>;

/// One accepted call: signature, action and parameter names are already checked.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The region that the request names, by parameter or by host. None: the address alone says nothing, ids decide.
    pub(crate) region: Option<&'a str>,
    fields: Fields<'a>,
}

/// A view on the parameters below a prefix: the whole call, or one row of a structured list.
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

    /// The same call with other parameters: what a template says, with what the call itself says laid over it.
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

    /// Every parameter of the call.
    pub(crate) fn params(&self) -> &'a Params {
        self.fields.all
    }

    /// The first parameter with a value that nobody has looked at.
    #[must_use]
    pub(crate) fn unread(&self) -> Option<&'a str> {
        let read = self.fields.read.borrow();
        self.fields
            .all
            .iter()
            .find(|(name, value)| !value.is_empty() && !read.contains(*name))
            .map(|(name, _)| name)
    }

    /// The region, which this action cannot do without.
    ///
    /// # Errors
    /// `MissingParameter` when neither parameter nor host names one.
    pub(crate) fn region_needed(&self) -> Result<&'a str, Refusal> {
        self.region.ok_or_else(|| Refusal::missing("RegionId"))
    }

    /// Whether a resource of this region is meant by this call.
    #[must_use]
    pub(crate) fn in_region(&self, region: &str) -> bool {
        self.region.is_none_or(|named| named == region)
    }
}

impl<'a> Fields<'a> {
    /// The text of a parameter, if given; may be empty.
    #[must_use]
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        let full = format!("{}{name}", self.prefix);
        let value = self.all.get(&full)?;
        self.read.borrow_mut().insert(full);
        Some(value)
    }

    /// The text of a parameter, if given and not empty: most actions take an empty text for 'not given'.
    #[must_use]
    pub(crate) fn given(&self, name: &str) -> Option<&'a str> {
        self.text(name).filter(|value| !value.is_empty())
    }

    /// A parameter that must be there.
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
    /// `InvalidParameter` if it is not one.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.given(name)
            .map(|text| text.trim().parse().map_err(|_| Refusal::invalid(name)))
            .transpose()
    }

    /// A decimal number.
    ///
    /// # Errors
    /// `InvalidParameter` if it is not one.
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

    /// A boolean, in any case: some clients write `True`.
    ///
    /// # Errors
    /// `InvalidParameter` if it is neither true nor false.
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

    /// A text that holds a JSON array of texts, as `InstanceIds` in DescribeInstances.
    ///
    /// # Errors
    /// `code` if the text is no such array.
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

    /// Accepts parameters that change nothing which can be read back: money, languages, hints.
    pub(crate) fn harmless(&self, names: &[&str]) {
        for name in names {
            let _seen = self.text(name);
        }
    }

    /// Accepts a parameter only with the value that says what happens anyway.
    ///
    /// # Errors
    /// [`NOT_MODELLED`](crate::refusal::NOT_MODELLED) for any other value.
    pub(crate) fn only(&self, name: &str, usual: &str) -> Result<(), Refusal> {
        match self.given(name) {
            Some(value) if !value.eq_ignore_ascii_case(usual) => Err(Refusal::not_modelled(name)),
            _ => Ok(()),
        }
    }

    /// Whether any parameter of this name, or below it, was given.
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

    /// Accepts whatever stands below the prefix, for a row of a batch that was refused on its own.
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
