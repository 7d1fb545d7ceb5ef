extension Site {
  /// The names of the variables that this command has, that workers and verifiers do not get, and that tests
  /// or builds are known to read. Names only: what they hold may be secret.
  public var droppedVariables: [String] {
    let passed = launcher.environment(for: .probe)
    return environment.keys.filter { passed[$0] == nil && DroppedVariables.isRelevant($0) }.sorted()
  }
}

/// Which variables look as if a test or a build would read them.
package enum DroppedVariables {
  private static let prefixes = [
    "PIP_", "UV_", "POETRY_", "PDM_", "TOX_", "NOX_", "PYTEST_", "DJANGO_", "FLASK_", "COVERAGE_",
    "NPM_CONFIG_",
    "YARN_", "PNPM_", "JEST_", "VITEST_", "CYPRESS_", "PLAYWRIGHT_", "RAILS_", "RACK_", "BUNDLE_", "CARGO_",
    "RUST_", "CGO_", "MAVEN_", "GRADLE_", "SPRING_", "CMAKE_", "CTEST_", "DB_", "DATABASE_",
    "POSTGRES_",
    "MYSQL_", "REDIS_", "MONGO_", "TEST_", "TESTCONTAINERS_", "DOCKER_",
  ]
  private static let names: Set<String> = [
    "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PYTHONHASHSEED", "GOOS", "GOARCH", "GOPRIVATE",
  ]

  /// Whether the name of a variable looks so.
  package static func isRelevant(_ name: String) -> Bool {
    let upper = name.uppercased()
    return names.contains(upper) || upper.hasSuffix("_URL") || upper.hasSuffix("_DSN")
      || prefixes.contains(where: upper.hasPrefix)
  }
}
