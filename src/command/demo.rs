//! `demo`: serves one of the demo apps. Each flag breaks one thing on purpose.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::ValueEnum;

use super::{Exit, Failure};
use crate::demo::{self, DemoApp, MetricsBody};
use crate::engine::Error;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// App
    #[arg(value_enum)]
    app: App,
    /// Address to listen on; 127.0.0.1 hides the app from Prometheus
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::UNSPECIFIED))]
    bind: IpAddr,
    /// Port to listen on
    #[arg(long, default_value_t = 80)]
    port: u16,
    /// Path of the metrics, instead of the app's own
    #[arg(long, value_name = "PATH")]
    metrics_path: Option<String>,
    /// Share of pages that answer 500, from 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "RATIO")]
    fail: f64,
    /// Time every page takes at least
    #[arg(long, default_value = "0s", value_name = "DURATION", value_parser = crate::cli::duration)]
    slow: Duration,
    /// Time the metrics take at least
    #[arg(long, default_value = "0s", value_name = "DURATION", value_parser = crate::cli::duration)]
    slow_metrics: Duration,
    /// Status the metrics answer with
    #[arg(long, value_name = "STATUS")]
    metrics_status: Option<u16>,
    /// User and password the metrics ask for
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credentials)]
    basic_auth: Option<demo::BasicAuth>,
    /// Content-Type of the metrics; `none`: no such header
    #[arg(long, value_name = "TYPE")]
    metrics_content_type: Option<String>,
    /// Body of the metrics
    #[arg(long, value_enum, default_value_t = Body::Good)]
    metrics_body: Body,
    /// Useless series among the metrics
    #[arg(long, default_value_t = 0, value_name = "N")]
    extra_series: usize,
    /// End after this time
    #[arg(long, value_name = "DURATION", value_parser = crate::cli::duration)]
    exit_after: Option<Duration>,
    /// Exit code of that end
    #[arg(long, default_value_t = 1, value_name = "CODE")]
    exit_code: u8,
    /// `/healthz` answers 503
    #[arg(long)]
    unhealthy: bool,
    /// Where image-gallery finds accesslog
    #[arg(long, default_value = "http://accesslog", value_name = "URL", env = "ACCESSLOG_URL")]
    accesslog_url: String,
    /// Where image-gallery finds iotd
    #[arg(long, default_value = "http://iotd", value_name = "URL", env = "IOTD_URL")]
    iotd_url: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum App {
    ImageGallery,
    Iotd,
    Accesslog,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Body {
    Good,
    Html,
    Json,
    Broken,
    Empty,
}

/// Runs it.
pub(super) async fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let app = match arguments.app {
        App::ImageGallery => DemoApp::ImageGallery,
        App::Iotd => DemoApp::Iotd,
        App::Accesslog => DemoApp::Accesslog,
    };
    let options = options(arguments);
    let address = options.listen;
    let served = demo::serve(app, options).await;
    let code = served.map_err(|error| Error::new(format!("cannot serve the demo app on {address}"), error))?;
    Ok(Exit::Asked(code))
}

fn options(arguments: &Arguments) -> demo::Options {
    demo::Options {
        listen: SocketAddr::new(arguments.bind, arguments.port),
        metrics_path: arguments.metrics_path.clone(),
        fail_ratio: arguments.fail,
        slow: arguments.slow,
        slow_metrics: arguments.slow_metrics,
        metrics_status: arguments.metrics_status,
        basic_auth: arguments.basic_auth.clone(),
        metrics_content_type: match arguments.metrics_content_type.as_deref() {
            None => demo::ContentType::Usual,
            Some("none") => demo::ContentType::Absent,
            Some(other) => demo::ContentType::Other(other.to_owned()),
        },
        metrics_body: match arguments.metrics_body {
            Body::Good => MetricsBody::Good,
            Body::Html => MetricsBody::Html,
            Body::Json => MetricsBody::Json,
            Body::Broken => MetricsBody::Broken,
            Body::Empty => MetricsBody::Empty,
        },
        extra_series: arguments.extra_series,
        exit_after: arguments.exit_after.map(|delay| demo::ExitAfter { delay, code: arguments.exit_code }),
        unhealthy: arguments.unhealthy,
        accesslog_url: arguments.accesslog_url.clone(),
        iotd_url: arguments.iotd_url.clone(),
    }
}

fn credentials(text: &str) -> Result<demo::BasicAuth, String> {
    let (username, password) = text.split_once(':').ok_or("write USER:PASSWORD")?;
    Ok(demo::BasicAuth { username: username.to_owned(), password: password.to_owned() })
}
