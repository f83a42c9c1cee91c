//! The way of one request through the world: checks, the handler of its action, the response.
//!
//! The order is: signature and nonce, action, rate limit, published parameters, region, permission,
//! client token, handler. Each step refuses with the code that the cloud gives there.

use std::cell::RefCell;
use std::collections::BTreeSet;

use setpoint_openapi::action::Action;
use setpoint_openapi::product::Product;
use setpoint_openapi::timestamp::Timestamp;
use setpoint_openapi::wire::{WireRequest, WireResponse};

use super::{Caller, World};
use crate::call::{Answer, Call};
use crate::calls::Heard;
use crate::contract::{self, Unknown};
use crate::gateway::{self, Arrived, Incoming, Keys};
use crate::ids;
use crate::limits::Asked;
use crate::params::Params;
use crate::product;
use crate::published;
use crate::refusal::Refusal;
use crate::regions;
use crate::render::{self, Written};
use crate::tags;
use crate::tokens::{Bearer, Token};
use crate::users;

impl World {
    /// Answers one request at a moment. Signatures are judged by the same clock.
    pub fn handle(&mut self, now: Timestamp, request: &WireRequest) -> WireResponse {
        self.handle_at(now, now, request)
    }

    /// Answers one request at a moment of the world's time, with signatures judged by another
    /// clock: a world may run faster than its clients.
    pub fn handle_at(
        &mut self,
        now: Timestamp,
        wall: Timestamp,
        request: &WireRequest,
    ) -> WireResponse {
        self.handle_arrived(now, wall, &gateway::arrive(request, ""))
    }

    /// As [`World::handle_at`], for a request that was read before the world was locked.
    pub(crate) fn handle_arrived(
        &mut self,
        now: Timestamp,
        wall: Timestamp,
        arrived: &Arrived<'_>,
    ) -> WireResponse {
        self.serve(now, &arrived.incoming, |world| world.admit(arrived, wall))
    }

    /// Performs a request once more, as a network does that delivers twice what was sent once,
    /// behind the check of its signature and nonce.
    pub fn repeat(&mut self, now: Timestamp, request: &WireRequest) -> WireResponse {
        let incoming = gateway::read(request);
        self.serve(now, &incoming, |_| incoming.action())
    }

    fn serve(
        &mut self,
        now: Timestamp,
        incoming: &Incoming,
        admit: impl FnOnce(&mut Self) -> Result<&'static Action, Refusal>,
    ) -> WireResponse {
        self.advance(now);
        self.request_number += 1;
        self.ignored.clear();
        let request_id = ids::request(self.request_stream, self.request_number);
        let answer = match &incoming.problem {
            Some(refusal) => Err(refusal.clone()),
            None => admit(self).and_then(|action| self.perform(action, incoming)),
        };
        let heard = Heard {
            at_ms: self.now_ms,
            request_id: &request_id,
            ignored: &self.ignored,
        };
        self.calls.record(incoming, &heard, answer.as_ref().err());
        render::response(
            incoming,
            &request_id,
            answer,
            &Written {
                pieces: &self.pieces.take(),
                speed: self.speed,
            },
        )
    }

    /// Performs every check that does not depend on the action's own rules.
    fn admit(
        &mut self,
        arrived: &Arrived<'_>,
        wall: Timestamp,
    ) -> Result<&'static Action, Refusal> {
        // Empty until the caller is known: a refused call must not be recorded under the caller
        // before it.
        (self.caller, self.admitted) = (Caller::default(), false);
        let keys = Keys {
            account: &self.account,
            users: &self.users,
            temporary: &self.tables.temporary_keys,
        };
        let access_key_id = gateway::verify(arrived, &keys, wall)?;
        let incoming = &arrived.incoming;
        if !incoming.is_anonymous() {
            self.nonces.claim(&access_key_id, &incoming.nonce, wall)?;
        }
        self.caller = Caller {
            access_key_id,
            host: incoming.host.clone(),
            wall_ms: wall.0,
        };
        let action = incoming.action()?;
        let region = incoming
            .params
            .get("RegionId")
            .or_else(|| regions::of_host(&incoming.host))
            .unwrap_or_default();
        let asked = Asked {
            action,
            region,
            params: &incoming.params,
        };
        self.meters
            .admit(&self.options.rates, &asked, self.now_ms)?;
        self.admitted = true;
        Ok(action)
    }

    fn perform(&mut self, action: &'static Action, incoming: &Incoming) -> Answer {
        let handler = product::handler(action).ok_or_else(|| {
            let (code, version) = (action.product.code(), action.product.version());
            published::not_modelled(code, version, action.name)
        })?;
        let mut params = self.known_params(action, incoming)?;
        let region = region_of(incoming)?;
        let dry_run = params
            .remove("DryRun")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if self.options.tag_values_refuse_brackets && !action.is_read() {
            tags::refuse_brackets(&params)?;
        }
        let permitted = self.users.check(&self.caller.access_key_id, action);
        // As the cloud does, a caller without the permission to list instances receives an empty
        // list. Only a dry run is refused.
        let blind = permitted.is_err() && action.name == "DescribeInstances" && !dry_run;
        if !blind {
            permitted?;
        }
        let text = params.remove("ClientToken");
        let bearer = Bearer {
            action,
            region: region.as_deref(),
            scope: self.options.token_scope,
        };
        let token = Token::of(&bearer, text.as_deref(), &params)?;
        // A dry run asks whether the call would be accepted, so it ignores what the token was
        // answered before.
        if let Some(reply) = token
            .as_ref()
            .filter(|_| !dry_run)
            .map(|token| token.recall(self))
            .transpose()?
            .flatten()
        {
            return reply;
        }
        let answer = self.run(handler, region.as_deref(), &params);
        if dry_run {
            self.tables.undo();
            return answer.and_then(|_| Err(product::dry_run_passed(action)));
        }
        if blind {
            return answer.map(users::emptied);
        }
        match &answer {
            Ok(body) => {
                if let Some(token) = &token {
                    token.remember(self, body);
                }
            }
            Err(refusal) => {
                self.tables.undo();
                if let Some(token) = token.filter(|_| self.options.failed_call_consumes_token) {
                    token.remember_refusal(self, refusal);
                }
            }
        }
        self.commit();
        if action.product == Product::Cms && self.options.cms_fails_with_200 {
            return answer.map_err(|refusal| Refusal {
                status: 200,
                ..refusal
            });
        }
        answer
    }

    /// Returns the parameters that the action has, checked. The others are refused or ignored.
    fn known_params(&mut self, action: &Action, incoming: &Incoming) -> Result<Params, Refusal> {
        let unknown = if self.options.strict_parameters {
            Unknown::Refuse
        } else {
            Unknown::Ignore
        };
        let mut params = incoming.params.clone();
        self.ignored = contract::check(action, &params, unknown)?;
        for name in &self.ignored {
            params.remove(name);
        }
        Ok(params)
    }

    fn run(&mut self, handler: product::Handler, region: Option<&str>, params: &Params) -> Answer {
        let read = RefCell::new(BTreeSet::new());
        let call = Call::new(region, params, &read);
        call.harmless(&[
            "RegionId",
            "OwnerId",
            "OwnerAccount",
            "ResourceOwnerId",
            "ResourceOwnerAccount",
            "AcceptLanguage",
        ]);
        let answer = handler(self, &call)?;
        let read = read.into_inner();
        match params
            .iter()
            .find(|(name, value)| !value.is_empty() && !read.contains(*name))
        {
            Some((name, _)) => Err(Refusal::not_modelled(name)),
            None => Ok(answer),
        }
    }
}

/// The region that a request names. An unknown region is refused.
fn region_of(incoming: &Incoming) -> Result<Option<String>, Refusal> {
    let named = incoming
        .params
        .get("RegionId")
        .filter(|region| !region.is_empty());
    match named {
        Some(region) if regions::find(region).is_none() => Err(Refusal::absent(
            "InvalidRegionId.NotFound",
            "The specified RegionId does not exist.",
        )),
        Some(region) => Ok(Some(region.to_owned())),
        None => Ok(regions::of_host(&incoming.host).map(str::to_owned)),
    }
}
