//! The one provider of TLS for the whole process.

/// Makes ring the process' provider of TLS. Any number of calls is as good as one.
pub fn install_tls_provider() {
    // An error says only that a provider is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
