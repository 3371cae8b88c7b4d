//! The HTTP client of a service: what is the same for all of them.

use std::time::Duration;

use reqwest::Url;

use super::error::innermost;
use super::{Error, install_tls_provider, pinned};

/// Longest time a whole answer may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// A client for `service` and its base URL, without a slash at the end. Nothing is sent yet.
pub(super) fn client(service: &'static str, base_url: &str) -> Result<(reqwest::Client, String), Error> {
    trusting(service, base_url, None)
}

/// The same for one who shows this certificate, PEM.
pub(super) fn trusting(
    service: &'static str,
    base_url: &str,
    certificate: Option<&[u8]>,
) -> Result<(reqwest::Client, String), Error> {
    let base = base_url.trim_end_matches('/').to_owned();
    let failed =
        |cause: String| Error { service, url: base.clone(), what: "anything".to_owned(), cause, answered: false };
    Url::parse(&base).map_err(|error| failed(error.to_string()))?;
    install_tls_provider();
    let mut builder = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).connect_timeout(Duration::from_secs(3));
    if let Some(certificate) = certificate {
        builder = builder.tls_backend_preconfigured(pinned::configuration(certificate).map_err(failed)?);
    } else if base.starts_with("http:") {
        // Reading the system's certificates takes longer than the whole conversation.
        builder = builder.tls_certs_only([]);
    }
    let client = builder.build().map_err(|error| failed(innermost(&error)))?;
    Ok((client, base))
}
