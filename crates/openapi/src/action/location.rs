//! The one action of the location service, version 2015-06-12, that clients call to find a
//! product's host.
//!
//! Written by hand: the service publishes no description. Source: the requests of the official
//! clients.

use super::{Action, Param, ParamType};
use crate::product::Product;

/// Every action of this product in the table, sorted by name.
pub static ALL: &[&Action] = &[&DESCRIBE_ENDPOINTS];

/// `DescribeEndpoints`.
pub static DESCRIBE_ENDPOINTS: Action = Action {
    product: Product::Location,
    name: "DescribeEndpoints",
    params: &[
        Param {
            name: "Id",
            ty: ParamType::String,
            required: true,
        },
        Param {
            name: "ServiceCode",
            ty: ParamType::String,
            required: true,
        },
        Param {
            name: "Type",
            ty: ParamType::String,
            required: false,
        },
    ],
};
