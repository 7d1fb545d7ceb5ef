import Support
import System
import Testing

@testable import Site

/// What of the settings of git is shown to whom nobody trusts.
@Suite("Settings that are shown") struct ShownSettingsTests {
  @Test func `are written as git reads them`() throws {
    let repository = try TestRepository()
    let file = repository.root + "/settings"
    let entries: [(key: String, value: String?)] = [
      ("user.name", "Ada \"L\" \\ ; # x"), ("branch.a.b\"c\\.merge", " refs/heads/a "), ("core.bare", nil),
      ("alias.x", "one\ntwo\tthree"), ("remote.o.fetch", "+refs/*:refs/*"), ("remote.o.fetch", ""),
    ]
    try Files.writeAtomically(
      file, Array(entries.map { ShownSettings.line($0.key, $0.value) }.joined().utf8))
    let listed = try repository.runGit(["config", "--file", file, "--null", "--list"])
    let read = ShownSettings.entries(Array(listed.out.utf8))
    #expect(read.map(\.key) == entries.map(\.key) && read.map(\.value) == entries.map(\.value), "\(read)")
  }

  @Test(arguments: [
    ("http.https://github.com/.extraheader", true), ("credential.helper", true), ("transcrypt.cipher", true),
    ("sendemail.smtppass", true), ("lab.token", true), ("core.bare", false), ("remote.origin.url", false),
    ("branch.token.merge", false),
  ])
  func `are those that open no door`(_ key: String, _ isSecret: Bool) {
    #expect(ShownSettings.isSecret(key) == isSecret)
  }

  @Test func `are the repository's own where nothing in them is to be kept`() throws {
    let world = try SiteWorld()
    #expect(try ShownSettings(world.site).repository() == nil)
    try world.repository.git("remote", "add", "origin", "https://me:secret@host.test/a.git")
    let shown = try #require(try ShownSettings(world.site).repository())
    #expect(shown.place == Files.realPath(world.repository.path + "/.git/config"))
    #expect(
      try world.repository.git("config", "--file", shown.file, "remote.origin.url")
        == "https://host.test/a.git")
    #expect(try world.repository.git("config", "--file", shown.file, "core.bare") == "false")
  }
}
