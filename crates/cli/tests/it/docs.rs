//! `docs/cli.md` is made from the command's own tables.

use expect_test::expect_file;

#[test]
fn the_reference_is_up_to_date() {
    expect_file!["../../../../docs/cli.md"].assert_eq(&setpoint_cli::docs::cli_reference());
}
