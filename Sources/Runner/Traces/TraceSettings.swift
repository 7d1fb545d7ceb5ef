import Forges
import Git
import Site
import System

/// Whether and where traces go, by git's configuration and the environment.
package struct TraceSettings {
  /// The environment with what the configuration says in the variables that stand for it.
  package private(set) var environment: [String: String]
  /// Whether a run sends traces by itself.
  package private(set) var areSent = false
  /// Whether git's configuration says where to: it is meant for nobody but this program.
  package private(set) var areNamed = false

  private static let prefix = "OTEL_EXPORTER_OTLP_"

  /// Reads them: `migrate.otlp` is an address, or true where the environment has one, or
  /// `OTEL_TRACES_EXPORTER` names `otlp`; where nobody names an address it is that of the exporters'
  /// specification, `http://localhost:4318`. The values of `migrate.otlpHeader` are `NAME=VALUE`. Throws when
  /// git's configuration cannot be read.
  package init(_ site: Site) throws(CommandError) {
    environment = site.environment
    let isDisabled = environment["OTEL_SDK_DISABLED"]?.lowercased() == "true"
    let wanted = try reporting { try site.repository.config("migrate.otlp") }
    switch wanted?.lowercased() {
    case "false", "no", "off", "0", "": break
    case nil:
      let exporters = (environment["OTEL_TRACES_EXPORTER"] ?? "").split(separator: ",")
      areSent = exporters.contains { $0.filter { $0 != " " } == "otlp" }
    case "true", "yes", "on", "1": areSent = true
    case .some:
      (areSent, areNamed) = (true, true)
      environment[Self.prefix + "TRACES_ENDPOINT"] = wanted.map(TraceTarget.completed)
    }
    let endpoints = ["TRACES_ENDPOINT", "ENDPOINT"].compactMap { environment[Self.prefix + $0] }
    if areSent, endpoints.allSatisfy(\.isEmpty) {
      environment[Self.prefix + "ENDPOINT"] = "http://localhost:4318"
    }
    if isDisabled { areSent = false }
    let heads = try reporting { try site.repository.configValues("migrate.otlpHeader") }
    guard !heads.isEmpty else { return }
    let name = Self.prefix + "TRACES_HEADERS"
    let known = environment[name] ?? environment[Self.prefix + "HEADERS"]
    environment[name] = ([known ?? ""] + heads.map(Self.encoded)).filter { !$0.isEmpty }
      .joined(separator: ",")
  }

  /// A pair as the environment's variable holds it.
  static func encoded(_ pair: String) -> String {
    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.map { String($0).urlEscaped }.joined(separator: "=")
  }
}
