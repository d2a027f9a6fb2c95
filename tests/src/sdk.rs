//! The application's side of the OpenTelemetry API: the SDK, with exporters in memory.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{
    InMemorySpanExporter, SdkTracerProvider, ShouldSample, SpanData, TracerProviderBuilder,
};
use serde_json::Value;
use toolwatch::Otel;
use toolwatch::opentelemetry;

/// Providers of an application, and what they have exported.
pub struct Sdk {
    /// The provider of tracers.
    pub tracing: SdkTracerProvider,
    /// The provider of meters.
    pub metering: SdkMeterProvider,
    spans: InMemorySpanExporter,
    metrics: InMemoryMetricExporter,
}

impl Default for Sdk {
    fn default() -> Self {
        Self::with(|builder| builder)
    }
}

impl Sdk {
    /// Providers with these settings.
    pub fn with(set: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder) -> Self {
        let (spans, metrics) = (InMemorySpanExporter::default(), InMemoryMetricExporter::default());
        let builder = SdkTracerProvider::builder().with_simple_exporter(spans.clone());
        let reader = PeriodicReader::builder(metrics.clone()).build();
        let metering = SdkMeterProvider::builder().with_reader(reader).build();
        Self { tracing: set(builder).build(), metering, spans, metrics }
    }

    /// Providers whose sampler is this.
    pub fn sampled(sampler: impl ShouldSample + 'static) -> Self {
        Self::with(|builder| builder.with_sampler(sampler))
    }

    /// Settings that hand these providers over.
    pub fn otel(&self) -> Otel {
        let otel = Otel::new().tracer_provider(self.tracing.clone());
        otel.meter_provider(self.metering.clone())
    }

    /// Every span that has ended.
    ///
    /// # Panics
    ///
    /// When the exporter is broken.
    pub fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().expect("spans")
    }

    /// The metrics by now; `None` when there is no instrument.
    ///
    /// # Panics
    ///
    /// When they cannot be collected.
    pub fn collected(&self) -> Option<ResourceMetrics> {
        self.metering.force_flush().expect("a collection");
        self.metrics.get_finished_metrics().expect("metrics").pop()
    }

    /// The metrics by now.
    ///
    /// # Panics
    ///
    /// When they cannot be collected, or there are none.
    pub fn metrics(&self) -> ResourceMetrics {
        self.collected().expect("a collection")
    }

    /// All spans and metrics as an exporter sends them, in JSON.
    ///
    /// # Panics
    ///
    /// When they cannot be collected.
    pub fn exported(&self) -> [String; 2] {
        let resource = ResourceAttributesWithSchema::default();
        let spans = group_spans_by_resource_and_scope(self.spans(), &resource);
        let metrics = ExportMetricsServiceRequest::from(&self.metrics());
        [
            serde_json::to_string(&spans).expect("JSON"),
            serde_json::to_string(&metrics).expect("JSON"),
        ]
    }
}

/// The attributes of a span or of a data point.
///
/// # Panics
///
/// When a name occurs twice, which receivers may read as they like.
pub fn attributes<'a>(
    of: impl IntoIterator<Item = &'a opentelemetry::KeyValue>,
) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for pair in of {
        let value = match &pair.value {
            opentelemetry::Value::Bool(value) => (*value).into(),
            opentelemetry::Value::I64(value) => (*value).into(),
            opentelemetry::Value::F64(value) => (*value).into(),
            opentelemetry::Value::String(value) => value.as_str().into(),
            opentelemetry::Value::Array(opentelemetry::Array::String(texts)) => {
                texts.iter().map(|text| Value::from(text.as_str())).collect()
            }
            other => panic!("{other:?}"),
        };
        assert!(all.insert(pair.key.to_string(), value).is_none(), "{} twice", pair.key);
    }
    all
}
