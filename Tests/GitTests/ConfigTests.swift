import System
import Testing

@testable import Git

@Suite struct ConfigTests {
  @Test func precedence() throws {
    let world = try World()
    try world.git("config", "--global", "migrate.x", "global")
    try world.git("config", "--global", "migrate.multi", "1")
    try world.git("config", "migrate.multi", "2")
    let open = { (extra: [String: String]) in
      try Repository.discover(
        from: world.path, environment: world.environment.merging(extra) { $1 })
    }
    #expect(try open([:]).config("migrate.x") == "global")
    #expect(try open([:]).config("migrate.none") == nil)
    try world.git("config", "migrate.X", "local")
    #expect(try open([:]).config("Migrate.x") == "local")
    let counted = ["GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "Migrate.X", "GIT_CONFIG_VALUE_0": "counted"]
    #expect(try open(counted).config("migrate.x") == "counted")
    let all = counted.merging(["GIT_CONFIG_PARAMETERS": "'migrate.x'='line' 'migrate.multi'='3'"]) { $1 }
    #expect(try open(all).config("migrate.x") == "line")
    #expect(try open(all).configValues("migrate.multi") == ["1", "2", "3"])
    #expect(
      try open(all).configEntries(prefix: "migrate.").map { "\($0.key)=\($0.value ?? "")" }.filter {
        $0.hasPrefix("migrate.x")
      }
        == ["migrate.x=global", "migrate.x=local", "migrate.x=counted", "migrate.x=line"])
    let other = try World()
    try world.write("elsewhere", "[migrate]\n\tx = elsewhere\n")
    let global = try Repository.discover(
      from: other.path,
      environment: other.environment.merging(["GIT_CONFIG_GLOBAL": "\(world.root)/elsewhere"]) { $1 })
    #expect(try global.config("migrate.x") == "elsewhere")
  }

  /// libgit2 1.5 knows nothing of this condition.
  @Test func includedForTheAddressOfARemote() throws {
    let world = try World()
    let home = try #require(world.environment["HOME"])
    func include(_ url: String, _ path: String) -> String {
      "[includeIf \"hasconfig:remote.*.url:\(url)\"]\n\tpath = \(path)\n"
    }
    func write(_ path: String, _ text: String) throws {
      try Files.writeAtomically(path, Array(text.utf8))
    }
    let place = home + "/.gitconfig"
    let before = String(decoding: try Files.readFile(place) ?? [], as: UTF8.self)
    try write(
      place,
      before + "[migrate]\n\tx = user\n\ty = user\n\tz = user\n" + include("https://work.example/**", ".work")
        + include("https://work.example/*", "~/.more") + include("https://home.example/**", ".other"))
    try write(home + "/.work", "[migrate]\n\tx = work\n\ty = work\n[core]\n\tautocrlf = input\n")
    try write(home + "/.more", "[migrate]\n\ty = more\n")
    try write(home + "/.other", "[migrate]\n\tx = other\n")
    func asked(_ key: String) throws -> [String] {
      let repository = try Repository.discover(from: world.path, environment: world.environment)
      let found = try repository.config(key) ?? ""
      #expect(try found == world.git("config", key), "\(key)")
      return try repository.configValues(key)
    }
    #expect(try asked("migrate.x") == ["user"])
    try world.git("remote", "add", "origin", "https://work.example/r")
    #expect(try asked("migrate.x") == ["user", "work"])
    #expect(try asked("migrate.y") == ["user", "work", "more"])
    #expect(try asked("migrate.z") == ["user"])
    #expect(try asked("core.autocrlf") == ["input"])
    try world.git("config", "migrate.x", "local")
    #expect(try asked("migrate.x") == ["user", "work", "local"])
    let local = world.path + "/.git/config"
    let own = String(decoding: try Files.readFile(local) ?? [], as: UTF8.self)
    try write(local, own + include("https://work.example/r", "own"))
    try write(world.path + "/.git/own", "[migrate]\n\tx = own\n")
    #expect(try asked("migrate.x") == ["user", "work", "local", "own"])
  }

  @Test func whatGitItselfPasses() throws {
    let world = try World()
    try world.git("config", "alias.env", "!printf %s \"$GIT_CONFIG_PARAMETERS\"")
    let values = ["plain", "it's", "a b\tc", "bang!", "back\\slash", "new\nline", "", "ü", "'", "x=y"]
    for value in values {
      let text = try world.git("-c", "migrate.Sub.Key=\(value)", "-c", "migrate.flag", "env")
      let entries = try CommandLineConfig.parameters(text)
      #expect(
        entries == [
          ConfigEntry(key: "migrate.Sub.key", value: value), ConfigEntry(key: "migrate.flag", value: nil),
        ], "\(text)")
    }
  }

  @Test func oldFormAndMalformedForms() throws {
    #expect(
      try CommandLineConfig.parameters("  'a.b=c=d'  'a.c' ") == [
        ConfigEntry(key: "a.b", value: "c=d"), ConfigEntry(key: "a.c", value: nil),
      ])
    #expect(try CommandLineConfig.parameters("") == [])
    for bad in [
      "a.b=c", "'a.b", "'a.b'x", "'a.b'='c", "'a.b'='c'x", "'a.b'=c", "'nosection'='x'", "'a.1x'='y'",
      "'.b'='y'",
      "'a.'='y'", "''",
    ] {
      #expect(throws: GitError.self, "\(bad)") { try CommandLineConfig.parameters(bad) }
    }
    let counts = [
      ["GIT_CONFIG_COUNT": "x"], ["GIT_CONFIG_COUNT": "-1"], ["GIT_CONFIG_COUNT": "1"],
      ["GIT_CONFIG_COUNT": "99999999"], ["GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b"],
    ]
    for environment in counts {
      #expect(throws: GitError.self) { try CommandLineConfig.entries(environment: environment) }
    }
  }

  @Test func booleansAndWriting() throws {
    let world = try World()
    for (text, value) in [
      "true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "0": false,
    ] {
      try world.git("config", "migrate.flag", text)
      #expect(try world.repository.configBool("migrate.flag") == value)
    }
    #expect(try world.repository.configBool("migrate.other") == nil)
    try world.git("config", "migrate.flag", "perhaps")
    #expect(throws: GitError.self) { try world.repository.configBool("migrate.flag") }
    #expect(try world.git("config", "--local", "migrate.flag") == "perhaps")
    let flagged = try Repository.discover(
      from: world.path,
      environment: world.environment.merging(["GIT_CONFIG_PARAMETERS": "'migrate.flag'"]) { $1 })
    #expect(try flagged.configBool("migrate.flag") == true)
  }
}
