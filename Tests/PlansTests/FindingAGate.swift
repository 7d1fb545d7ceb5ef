import Migration
import Testing

@testable import Plans

/// `gate: auto` finds what a tree has to check.
@Suite("A gate that is found")
struct FindingAGate {
  private func found(_ files: [String: String]) -> [String] {
    let systems = BuildSystems(files: files.keys.sorted()) { files[$0] }
    return systems.verifiers.map { "\($0.name) \($0.kind.rawValue): \($0.run)" }
  }

  @Test("has linters first, then builds, then tests, each build system once")
  func order() {
    #expect(
      found([
        "Cargo.toml": "[workspace]\nmembers = [\"a\"]", "a/Cargo.toml": "[package]", "go.mod": "module x",
      ]) == [
        "go-vet lint: go vet ./...", "cargo-check build: cargo check --workspace --all-targets",
        "cargo-test test: cargo test --workspace", "go-test test: go test ./...",
      ])
  }

  @Test("looks into folders, and not into what is others'")
  func folders() {
    #expect(
      found([
        "server/go.mod": "module x", "web/package.json": "{\"scripts\":{\"test\":\"vitest run\"}}",
        "web/pnpm-lock.yaml": "", "vendor/a/go.mod": "module a", "node_modules/b/package.json": "{}",
        "testdata/Cargo.toml": "[package]",
      ]) == [
        "go-vet-server lint: cd 'server' && go vet ./...",
        "go-test-server test: cd 'server' && go test ./...",
        "pnpm-test-web test: cd 'web' && pnpm test",
      ])
  }

  @Test(
    "knows the runner of a Python project",
    arguments: [
      (["pyproject.toml": "[tool.pytest.ini_options]\n", "tests/test_a.py": ""], ["python3 -m pytest"]),
      (["test_a.py": "import unittest\n"], ["python3 -m unittest discover"]),
      (["tox.ini": "[tox]\n", "test_a.py": "import unittest\n"], ["tox"]),
      (
        ["pyproject.toml": "[tool.ruff]\n[tool.mypy]\n", "tests/test_a.py": "def test_a(): pass\n"],
        ["ruff check .", "mypy .", "python3 -m pytest"]
      ),
      (["a.py": "print(1)\n"], []),
    ])
  func python(files: [String: String], runs: [String]) {
    #expect(BuildSystems(files: files.keys.sorted()) { files[$0] }.verifiers.map(\.run) == runs)
  }

  @Test(
    "knows the others by their files",
    arguments: [
      (["Package.swift": ""], ["swift build --build-tests", "swift test"]),
      (["pom.xml": "", "mvnw": "", "core/pom.xml": ""], ["./mvnw -B test"]),
      (["build.gradle.kts": "", "settings.gradle.kts": "", "app/build.gradle.kts": ""], ["gradle test"]),
      (["Makefile": "all:\n\ttrue\ntest: all\n\t./run\n"], ["make test"]),
      (["Makefile": "test:\n\tgo test\n", "go.mod": ""], ["go vet ./...", "go test ./..."]),
      (
        ["CMakeLists.txt": "", "src/CMakeLists.txt": ""],
        [
          "cmake -S . -B build && cmake --build build", "ctest --test-dir build --output-on-failure",
        ]
      ),
      (["meson.build": ""], ["meson setup build && meson compile -C build", "meson test -C build"]),
      (["shop.sln": "", "src/a/a.csproj": ""], ["dotnet build", "dotnet test --no-build"]),
      (["Gemfile": "", "spec/a_spec.rb": ""], ["bundle exec rspec"]),
      (["composer.json": "{}", "phpunit.xml.dist": ""], ["vendor/bin/phpunit"]),
      (["package.json": "{\"scripts\":{\"test\":\"echo \\\"Error: no test specified\\\" && exit 1\"}}"], []),
    ])
  func others(files: [String: String], runs: [String]) {
    #expect(BuildSystems(files: files.keys.sorted()) { files[$0] }.verifiers.map(\.run) == runs)
  }

  @Test("is read back from the text that it is told in")
  func pasted() throws {
    let files = [
      "web/package.json": "{\"scripts\":{\"test\":\"jest\",\"lint\":\"eslint .\"}}",
      "web/package-lock.json": "{}", "Cargo.toml": "[package]",
    ]
    let text = "---\nmigration: m\ngate: auto\nsteps: [{ id: S1 }]\n---\n"
    let plan = try expand(text, FakeSource(files: files.keys.sorted(), texts: files))
    #expect(plan.gate.verifiers.count == 4)
    #expect(plan.gate.setup?.inputs == ["web/package-lock.json"])
    #expect(plan.gate.keep == ["/target", "/web/node_modules"])
    let pasted = "---\nmigration: m\n\(BuildSystems.planText(plan.gate))steps: [{ id: S1 }]\n---\n"
    #expect(try expand(pasted, FakeSource(files: [])).gate == plan.gate)
  }

  @Test("keeps the other keys of the gate, and says so where there is nothing to find")
  func beside() throws {
    let text = "---\nmigration: m\ngate: { verifiers: auto, guards: [tests] }\nsteps: [{ id: S1 }]\n---\n"
    let plan = try expand(text, FakeSource(files: ["go.mod"]))
    #expect(plan.gate.guards == [.tests] && plan.gate.verifiers.map(\.name) == ["go-vet", "go-test"])
    let fault = #expect(throws: PlanFault.self) { try expand(text, FakeSource(files: ["README.md"])) }
    #expect(fault?.message.contains("finds no build system") == true)
  }
}
