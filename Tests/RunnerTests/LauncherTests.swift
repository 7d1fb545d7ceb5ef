import Migration
import Supervision
import Testing

@testable import Runner
@testable import Site

@Suite struct LauncherTests {
  private let launcher = Launcher(
    environment: [
      "PATH": "/bin", "PASSED": "1", "AGENTS": "2", "PLANS_KEY": "3", "VERIFIERS": "4", "EMAIL": "e@x",
      "GIT_AUTHOR_NAME": "N", "GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "http.extraHeader",
      "GIT_CONFIG_VALUE_0": "secret", "GIT_CONFIG_KEY_1": "user.email", "GIT_CONFIG_VALUE_1": "c@x",
      "GITHUB_TOKEN": "secret", "MIGRATE_STEP": "another",
    ], passed: ["PASSED", "UNSET"], forAgents: ["AGENTS"])

  @Test(arguments: [
    (
      Purpose.work(.agent(env: ["PLANS_KEY"], reportsEvents: true)),
      ["AGENTS", "EMAIL", "GIT_AUTHOR_NAME", "PASSED", "PLANS_KEY"]
    ),
    (.work(.agent(env: [], reportsEvents: false)), ["AGENTS", "EMAIL", "GIT_AUTHOR_NAME", "PASSED"]),
    (.work(.codemod), ["EMAIL", "GIT_AUTHOR_NAME", "PASSED"]),
    (.setup(.slot), ["EMAIL", "GIT_AUTHOR_NAME", "PASSED"]),
    (.setup(.gate), ["PASSED"]),
    (.verifier(env: ["VERIFIERS"]), ["PASSED", "VERIFIERS"]),
    (.verifier(env: []), ["PASSED"]),
    (.notify, ["PASSED"]),
    (.probe, ["PASSED"]),
    (.list, []),
  ])
  func `each gets what is harmless, and what is meant for it`(purpose: Purpose, names: [String]) {
    let said = names.contains("EMAIL") ? ["GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0"] : []
    let environment = launcher.environment(for: purpose)
    #expect(environment.keys.sorted() == (names + said + ["PATH"]).sorted())
    #expect(environment["GIT_CONFIG_VALUE_0"] == (said.isEmpty ? nil : "c@x"))
  }

  @Test(arguments: [
    Purpose.work(.codemod), .setup(.slot), .setup(.gate), .verifier(env: []), .notify, .probe, .list,
  ])
  func `git reads the files of the user's settings that it reads here`(purpose: Purpose) {
    let launcher = Launcher(environment: ["GIT_CONFIG_GLOBAL": "/g", "GIT_CONFIG_NOSYSTEM": "1"])
    #expect(
      launcher.environment(for: purpose) == ["GIT_CONFIG_GLOBAL": "/g", "GIT_CONFIG_NOSYSTEM": "1"])
  }

  @Test func `this program itself gets all of it`() {
    #expect(launcher.environment(for: .own) == launcher.environment)
  }

  @Test func `what a child is told wins over what this command was told`() {
    let agent = Purpose.work(.agent(env: ["MIGRATE_STEP"], reportsEvents: false))
    for purpose in [agent, .verifier(env: ["MIGRATE_STEP"]), .own] {
      #expect(launcher.environment(for: purpose, adding: ["MIGRATE_STEP": "A"])["MIGRATE_STEP"] == "A")
    }
  }

  @Test func `outside of a repository nothing is let through by name`() {
    let launcher = Launcher(environment: launcher.environment)
    #expect(launcher.environment(for: .probe) == ["PATH": "/bin"])
  }

  @Test(arguments: [
    (Purpose.work(.agent(env: [], reportsEvents: true)), OutputForm.apart),
    (.work(.agent(env: [], reportsEvents: false)), .together), (.work(.codemod), .together),
    (.setup(.slot), .together), (.setup(.gate), .together), (.verifier(env: []), .together),
  ])
  func `the streams are apart where a program reads one of them`(purpose: Purpose, output: OutputForm) {
    #expect(launcher.supervised(purpose, "x", in: "/", log: "/l").output == output)
  }

  @Test func `a run can be talked to, and be ended for its silence`() {
    let run = launcher.supervised(.notify, "x", in: "/", log: "/l", silenceSeconds: 3, isLive: true)
    #expect(run.output == .live && run.silenceSeconds == 3)
    #expect(launcher.supervised(.list, "x", in: "/", log: "/l").output == .live, "its lines are read")
  }

  @Test func `what a shell knows is not missing`() {
    let launcher = Launcher(environment: ["PATH": "/usr/bin:/bin", "GIT_DIR": "/x"])
    let names = ["sh", "cd", "no-such-program"]
    for purpose in [Purpose.probe, .gitProbe] {
      #expect(launcher.missing(names, for: purpose, in: "/") == ["no-such-program"])
    }
    #expect(launcher.environment(for: .gitProbe)["GIT_DIR"] == "/x")
  }

  @Test func `a run is in its folder with its log, its limit and what it is told`() {
    let run = launcher.supervised(
      .verifier(env: []), "make test", in: "/w", log: "/l", adding: ["X": "y"], timeoutSeconds: 7)
    #expect(run.arguments == ["/bin/sh", "-c", "make test"])
    #expect(run.environment == ["PATH": "/bin", "PASSED": "1", "X": "y"])
    #expect(run.directory == "/w" && run.logFile == "/l" && run.timeoutSeconds == 7)
  }
}
