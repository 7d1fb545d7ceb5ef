import Glibc
import Support
import System
import Testing

/// FIELD F20: a hook that a worker planted got every variable of the run, tokens too.
@Suite struct HookEnvironmentTests {
  @Test func `git and its hooks get what they need of the environment, and nobody's keys`() throws {
    let world = try MigrationWorld()
    world.repository.environment["GIT_CONFIG_GLOBAL"] = nil
    try world.start("  - { id: A, run: 'echo a > a' }\n  - { id: B, run: 'echo b > b' }")
    let hooks = world.repository.path + "/.git/hooks"
    for hook in ["post-index-change", "post-checkout", "reference-transaction"] {
      // Ours call what they found there.
      let place = Files.exists("\(hooks)/\(hook)") ? "\(hooks)/\(hook).migrate-chained" : "\(hooks)/\(hook)"
      try Files.writeAtomically(place, Array("#!/bin/sh\nenv >> \"$HOME/seen\"\n".utf8), mode: 0o755)
    }
    // Approved all the same: what they get is another matter.
    #expect(try world.migrate("trust", "--yes").code == 0)
    try world.repository.git("config", "--global", "migrate.gitEnvironment", "FOR_HOOKS")
    try world.repository.git("config", "migrate.gitEnvironment", "PLANTED_KEY")
    let passed = [
      "SSH_AUTH_SOCK": "/nowhere", "HUSKY": "0", "https_proxy": "http://127.0.0.1:9", "FOR_HOOKS": "1",
    ]
    let canary = "canary-8d1c"
    let secret = [
      "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GITHUB_TOKEN", "PLANTED_KEY", "AWS_SECRET_ACCESS_KEY",
    ]
    var adding = passed
    for name in secret { adding[name] = canary }
    let run = try world.repository.run(TestBinary.path, ["run"], adding: adding)
    #expect(run.code == 0, "\(run)")
    // The hooks of our own git commands ran.
    let head = try world.repository.run(TestBinary.path, ["finish"], adding: adding)
    #expect(head.code == 0, "\(head)")
    let seen = try world.note("seen")
    #expect(!seen.isEmpty)
    #expect(!seen.contains(canary))
    for (name, value) in passed { #expect(seen.contains("\(name)=\(value)\n"), "\(name)") }
  }
}
