//! Names and descriptions, whose limits and codes differ from action to action.

use crate::base::Base;
use crate::call::Call;
use crate::names;
use crate::refusal::Refusal;

/// Name and description of a call; `None`: not given.
pub(crate) struct Labels<'a> {
    name: Option<&'a str>,
    description: Option<&'a str>,
}

impl<'a> Labels<'a> {
    /// Reads the parameter of the name, and `Description`.
    ///
    /// # Errors
    /// `InvalidName.Malformed` or `InvalidDescription.Malformed` for a text that is too long or
    /// looks like a link.
    pub(crate) fn of(call: &Call<'a>, name: &str) -> Result<Self, Refusal> {
        let this = Self {
            name: call.text(name),
            description: call.text("Description"),
        };
        if this
            .name
            .is_some_and(|text| !text.is_empty() && !names::is_text(text, 1, 128))
        {
            return Err(Refusal::bad(
                "InvalidName.Malformed",
                format!("The specified {name} is not valid."),
            ));
        }
        if this
            .description
            .is_some_and(|text| !text.is_empty() && !names::is_text(text, 1, 256))
        {
            return Err(Refusal::bad(
                "InvalidDescription.Malformed",
                "The specified Description is not valid.",
            ));
        }
        Ok(this)
    }

    /// Whether the call gives neither name nor description.
    pub(crate) fn is_empty(&self) -> bool {
        self.name.is_none() && self.description.is_none()
    }

    /// Sets the given values.
    pub(crate) fn put(&self, base: &mut Base) {
        if let Some(name) = self.name {
            name.clone_into(&mut base.name);
        }
        if let Some(description) = self.description {
            description.clone_into(&mut base.description);
        }
    }
}

/// Sets the resource group that a create call names.
pub(crate) fn put_group(call: &Call<'_>, base: &mut Base) {
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
}
