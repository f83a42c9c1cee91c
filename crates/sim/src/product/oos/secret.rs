//! Secret parameters: there are none, because no simulated action creates one.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("GetSecretParameter", get),
    ("GetSecretParameters", get_batch),
];

fn get(_world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["ParameterVersion", "WithDecryption"]);
    let name = call.need("Name")?;
    Err(Refusal::absent(
        "EntityNotExists.Parameter",
        format!("The secret parameter {name} does not exist."),
    ))
}

fn get_batch(_world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["WithDecryption"]);
    let names = call
        .json_list("Names", "InvalidParameter.Names")?
        .unwrap_or_default();
    if names.len() > 10 {
        return Err(Refusal::bad(
            "InvalidParameter.Names",
            "More than 10 names.",
        ));
    }
    Ok(json!({"Parameters": [], "InvalidParameters": names}))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn there_are_none() {
        let mut bench = Bench::new();
        bench.refused(
            "oos.GetSecretParameter",
            &[("Name", "x")],
            "404 EntityNotExists.Parameter",
        );
        assert_eq!(
            bench.ok("oos.GetSecretParameters", &[("Names", "[\"x\"]")])["InvalidParameters"][0],
            "x"
        );
        bench.refused(
            "oos.GetSecretParameters",
            &[("Names", "x")],
            "400 InvalidParameter.Names",
        );
    }
}
