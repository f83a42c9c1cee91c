//! Lint rules over stack and plan, one file each.
