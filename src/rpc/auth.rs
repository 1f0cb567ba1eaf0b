//! Authentication: a credential becomes an `Actor` in one role, or the call ends here. Before anything else is looked
//! at: a stranger gets no help with fields.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use sha2::{Digest, Sha256};
use tonic::body::Body;
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};

use super::status::{Language, status};
use crate::contract;
use crate::kernel::access::{Access, Actor, Role};
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::PsnNo;
use crate::kernel::region::Region;

/// The URI SAN of a client certificate is this and the caller's name.
pub const IDENTITY_PREFIX: &str = "spiffe://opsp/caller/";

/// What a caller may be.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Its roles.
    pub roles: Vec<Role>,
    /// Its areas.
    pub areas: Vec<Region>,
    /// Officers who sit behind it, for the role BUREAU.
    pub operators: Vec<String>,
}

/// All callers, by name and by the hash of their tokens.
#[derive(Clone, Debug, Default)]
pub struct Callers {
    by_name: BTreeMap<String, Caller>,
    by_token: HashMap<[u8; 32], String>,
}

impl Callers {
    /// Adds a caller.
    pub fn add(&mut self, name: &str, caller: Caller, tokens: &[[u8; 32]]) {
        self.by_name.insert(name.to_owned(), caller);
        for token in tokens {
            self.by_token.insert(*token, name.to_owned());
        }
    }

    /// Who calls a method, with what.
    fn actor(&self, access: &Access, headers: &HeaderMap, certificate: Option<&[u8]>) -> Result<Actor> {
        let name = self.identify(headers, certificate)?;
        let caller = self.by_name.get(&name).ok_or_else(unknown)?;
        let role = access.roles.iter().copied().find(|role| caller.roles.contains(role)).ok_or_else(|| {
            denied("ROLE_NOT_ALLOWED", "该调用方无权使用此方法。", "this caller may not use this method.")
                .help("请使用具有所需角色的凭证。", "use a credential with one of the method's roles.")
        });
        let role = role.map_err(|refusal| Error::Denied(Box::new(refusal)))?;
        let mut actor = Actor {
            caller: name,
            role: Some(role),
            areas: caller.areas.clone(),
            subject: None,
            operator: None,
        };
        match role {
            Role::Portal => actor.subject = subject(headers)?,
            Role::Bureau => actor.operator = Some(operator(headers, Some(&caller.operators))?),
            Role::Expert => actor.operator = Some(operator(headers, None)?),
            Role::NationalPlatform | Role::Ops => {}
        }
        Ok(actor)
    }

    fn identify(&self, headers: &HeaderMap, certificate: Option<&[u8]>) -> Result<String> {
        if let Some(value) = headers.get(http::header::AUTHORIZATION) {
            let token =
                value.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(unknown)?;
            let digest: [u8; 32] = Sha256::digest(token.trim()).into();
            return self.by_token.get(&digest).cloned().ok_or_else(unknown);
        }
        certificate.and_then(identity).ok_or_else(unknown)
    }
}

/// The caller's name in the URI SAN of its certificate.
fn identity(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    certificate.extensions().iter().find_map(|extension| {
        let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension() else {
            return None;
        };
        names.general_names.iter().find_map(|name| match name {
            GeneralName::URI(uri) => uri.strip_prefix(IDENTITY_PREFIX).map(str::to_owned),
            _ => None,
        })
    })
}

fn unknown() -> Error {
    let refusal = Refusal::new("CREDENTIAL_UNKNOWN", "没有有效的调用凭证。", "there is no valid credential.")
        .help(
            "请使用客户端证书，或在 authorization 中提供 Bearer 令牌。",
            "present a client certificate, or a bearer token in the header authorization.",
        );
    Error::Unauthenticated(Box::new(refusal))
}

fn denied(reason: &'static str, zh: &str, en: &str) -> Refusal {
    Refusal::new(reason, zh, en)
}

/// `x-opsp-subject`: the person that a portal acts for. Without it, only public matter can be reached.
fn subject(headers: &HeaderMap) -> Result<Option<PsnNo>> {
    let Some(value) = headers.get("x-opsp-subject") else { return Ok(None) };
    let number = value.to_str().ok().and_then(|value| PsnNo::parse(value).ok());
    number.map(Some).ok_or_else(|| {
        Error::Denied(Box::new(denied(
            "SUBJECT_INVALID",
            "x-opsp-subject 不是人员编号。",
            "x-opsp-subject is not a psn_no.",
        )))
    })
}

/// Whether a text can name an officer or expert.
pub fn is_operator(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

/// `x-opsp-operator`: the officer or expert at the screen.
fn operator(headers: &HeaderMap, registered: Option<&[String]>) -> Result<String> {
    let value = headers.get("x-opsp-operator").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = registered.is_none_or(|registered| registered.iter().any(|known| known == value));
    if is_operator(value) && known {
        return Ok(value.to_owned());
    }
    let refusal = denied(
        "OPERATOR_UNKNOWN",
        "请求头 x-opsp-operator 须写明已登记的经办人员。",
        "the header x-opsp-operator must name a registered officer or expert.",
    );
    Err(Error::Denied(Box::new(
        refusal.help("请在调用方配置的 operators 中登记。", "register them under the caller's operators."),
    )))
}

/// Puts the actor into each request, or ends it.
#[derive(Clone)]
pub struct AuthLayer(pub Arc<Callers>);

impl<S> tower::Layer<S> for AuthLayer {
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Auth<S> {
        Auth { inner, callers: self.0.clone() }
    }
}

/// See `AuthLayer`.
#[derive(Clone)]
pub struct Auth<S> {
    inner: S,
    callers: Arc<Callers>,
}

impl<S> tower::Service<Request<Body>> for Auth<S>
where
    S: tower::Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, std::result::Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::result::Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // Health and reflection are for everyone who can connect; an unknown method is told so by the router.
        let Some(access) = contract::access(request.uri().path()) else {
            return Box::pin(self.inner.call(request));
        };
        let tls = request.extensions().get::<TlsConnectInfo<TcpConnectInfo>>();
        let certificate = tls.and_then(TlsConnectInfo::peer_certs);
        let certificate = certificate.as_ref().and_then(|chain| chain.first()).map(AsRef::as_ref);
        match self.callers.actor(&access, request.headers(), certificate) {
            Ok(actor) => {
                request.extensions_mut().insert(actor);
                Box::pin(self.inner.call(request))
            }
            Err(error) => {
                let response = status(error, Language::of(request.headers())).into_http();
                Box::pin(async move { Ok(response) })
            }
        }
    }
}
