//! The log line of a call. It holds no parameter: those may be secret.

use crate::error::CallError;
use crate::reply::Reply;
use crate::request::Request;

/// Logs an exchange that took `ms` milliseconds, whatever its result.
pub(super) fn exchange(request: &Request, ms: i64, result: &Result<Reply, CallError>) {
    let action = request.action.name;
    match result {
        Ok(reply) => {
            let request_id = reply.request_id.as_str();
            tracing::debug!(target: "setpoint::call", %action, ms, %request_id);
        }
        Err(CallError::Api(error)) => {
            let (code, request_id) = (error.code.as_str(), error.request_id.as_str());
            tracing::debug!(target: "setpoint::call", %action, ms, %code, %request_id);
        }
        Err(error) => {
            let error = error.to_string();
            tracing::debug!(target: "setpoint::call", %action, ms, error);
        }
    }
}
