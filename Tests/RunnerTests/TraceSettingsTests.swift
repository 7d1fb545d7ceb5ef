import Migration
import Support
import Testing

@testable import Runner
@testable import Site

@Suite("Where traces go")
struct TraceSettingsTests {
  /// The settings with these in git's configuration and in the environment.
  private func settings(
    _ config: [(String, String)], _ variables: [String: String] = [:]
  ) throws -> TraceSettings {
    let repository = try TestRepository()
    for (key, value) in config { try repository.git("config", "--add", key, value) }
    return try TraceSettings(
      Site(directory: repository.path, environment: repository.environment.merging(variables) { $1 }))
  }

  private func target(_ settings: TraceSettings) throws -> TraceTarget {
    try TraceTarget(address: nil, headers: [], environment: settings.environment)
  }

  @Test func `a run sends where git's configuration or the exporter's variable say so`() throws {
    #expect(try !settings([]).areSent)
    let exporter = try settings([], ["OTEL_TRACES_EXPORTER": "console, otlp"])
    #expect(exporter.areSent && !exporter.areNamed)
    #expect(try target(exporter).address == "http://localhost:4318/v1/traces", "the specification's own")
    let named = try settings([("migrate.otlp", "http://127.0.0.1:5000")], ["OTEL_TRACES_EXPORTER": "none"])
    #expect(named.areSent && named.areNamed)
    #expect(try target(named).address == "http://127.0.0.1:5000/v1/traces")
    #expect(try !settings([("migrate.otlp", "off")], ["OTEL_TRACES_EXPORTER": "otlp"]).areSent)
    let disabled = ["OTEL_SDK_DISABLED": "true"]
    #expect(try !settings([("migrate.otlp", "true")], disabled).areSent)
  }

  @Test func `an address that other programs were given does not keep a run from its work`() throws {
    let repository = try TestRepository()
    let variables = ["OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "unix:/run/x"]
    var said: [String] = []
    let site = try Site(
      directory: repository.path, environment: repository.environment.merging(variables) { $1 })
    #expect(try TraceFollower(site) { said.append($0) } == nil)
    #expect(said.first?.hasPrefix("no traces are sent: 'unix:/run/x'") == true)
    try repository.git("config", "migrate.otlp", "unix:/run/x")
    let named = try Site(directory: repository.path, environment: repository.environment)
    #expect(throws: CommandError.self) { try TraceFollower(named) { _ in } }
  }

  @Test func `a head keeps what its value holds, and one without a name is not shown`() throws {
    let value = "Basic YTpi, 100% \"x\"; ä="
    let both = try settings(
      [
        ("migrate.otlp", "true"), ("migrate.otlpHeader", "authorization=\(value)"),
        ("migrate.otlpHeader", "x-b=2"),
      ],
      ["OTEL_EXPORTER_OTLP_HEADERS": "x-a=1%2C1"])
    let headers = try target(both).headers.map { "\($0.name): \($0.value)" }
    #expect(headers == ["x-a: 1,1", "authorization: \(value)", "x-b: 2"])
    let raw = try TraceTarget(address: "http://h", headers: ["a=%41,b"], environment: [:])
    #expect(raw.headers.map(\.value) == ["%41,b"])
    for pair in ["s3cr3t", "=s3cr3t", "a b=s3cr3t", "a=s3cr3t\u{7}"] {
      let error = #expect(throws: CommandError.self) {
        try TraceTarget(address: "http://h", headers: [pair], environment: [:])
      }
      #expect(error?.message.contains("s3cr3t") == false)
    }
  }

  @Test func `a time of another clock is a time of UTC`() {
    let now = Timestamp(milliseconds: 1_800_000_000_000)
    #expect(TimeText.past("2026-11-21 05:15:58 UTC", before: now)?.utc == "2026-11-21 05:15:58 UTC")
    #expect(TimeText.past("2026-11-21T05:15Z", before: now)?.utc == "2026-11-21 05:15:00 UTC")
    for text in ["UTC", "Z", "2026-13-21Z", "2026-11-21 05:61 UTC", "2026-11-21 05:15:60Z"] {
      #expect(TimeText.past(text, before: now) == nil)
    }
  }
}
