import Migration
import Supervision
import Support
import System
import Testing

@testable import Runner
@testable import Site

/// What leads verifiers to code of the repository that is not the candidate's.
@Suite("Code outside of the candidate")
struct OutsideCodeTests {
  let world: TestRepository
  /// The only folder of `PATH`.
  let bin: String
  /// Where the `python3` of `PATH` has its packages.
  let packages: String

  init() throws {
    world = try TestRepository()
    bin = world.root + "/prefix/bin"
    packages = world.root + "/prefix/lib/python3.11/site-packages"
    try Files.makeDirectories(packages)
    try Files.makeDirectories(bin)
    world.environment["PATH"] = bin
    for file in [
      "src/shop/__init__.py", "packages/a/package.json", "crate/Cargo.toml", "mod/go.mod", "bin/t",
    ] {
      try world.write(file, "x\n")
    }
    _ = try world.run("/usr/bin/git", ["add", "."])
    _ = try world.run("/usr/bin/git", ["commit", "--quiet", "--message=code"])
    let python = "#!/bin/sh\nprintf '%s\\0%s\\0%s' '' /usr/lib/python3.11 '\(packages)'\n"
    try Files.writeAtomically(bin + "/python3", Array(python.utf8), mode: 0o755)
  }

  /// What is found, as pairs of the last part of the place and of the target within the work tree.
  private func found(_ plan: Plan = Plan(migration: "m")) throws -> [OutsideCode] {
    let site = try Site(directory: world.path, environment: world.environment)
    return try OutsideCodeSearch(site: site, plans: [plan]).find()
  }

  private func targets(_ plan: Plan = Plan(migration: "m")) throws -> [String] {
    try found(plan).map {
      $0.target == world.path ? "." : String($0.target.dropFirst(world.path.utf8.count + 1))
    }
  }

  private func write(_ path: String, _ text: String) throws {
    try Files.makeDirectories(Files.parent(of: path))
    try Files.writeAtomically(path, Array(text.replacing("REPO", with: world.path).utf8))
  }

  private func link(_ path: String, to target: String) throws {
    try Files.makeDirectories(Files.parent(of: path))
    let text = target.replacing("REPO", with: world.path)
    #expect(try world.run("/bin/ln", ["-s", text, path]).code == 0)
  }

  @Test("where there is none, nothing is told")
  func nothing() throws {
    try write(packages + "/other.pth", "/usr/lib\n../other\n\n# REPO/src\n")
    try write(packages + "/distutils-precedence.pth", "import os; exec('x = \"/usr\"')\n")
    try write(packages + "/o-1.dist-info/direct_url.json", #"{"url": "https://example.com/o.tar.gz"}"#)
    world.environment["PYTHONPATH"] = "src:/usr/lib:\(world.path)-other"
    world.environment["CFLAGS"] = "-O2 -I/usr/include"
    #expect(try found() == [])
  }

  @Test("with the environment of the machine that the tests run on, nothing is told either")
  func thisMachine() throws {
    world.environment.merge(ChildEnvironment.current()) { own, inherited in inherited }
    #expect(try found() == [])
  }

  // MARK: Python

  @Test(
    "an editable install is told in each of the forms that tools give it, once",
    arguments: [
      ("__editable__.shop-1.pth", "REPO/src\n", "src"),
      ("shop.pth", "/usr/lib\r\nREPO/src  \r\n", "src"),
      ("easy-install.pth", "REPO", "."),
      ("_up.pth", "../../../../repo/src\n", "src"),
      ("_shop.pth", "import sys; sys.path.insert(0, 'REPO/src')", "src"),
      ("shop.egg-link", "REPO/src\n..", "src"),
      (
        "__editable___shop_1_finder.py",
        "MAPPING: dict[str, str] = {'shop': 'REPO/src/shop', 'o': '/usr'}", "src/shop"
      ),
      ("_shop_editable.py", "install(\n    \"REPO/src/shop/__init__.py\",\n)", "src/shop/__init__.py"),
      (
        "shop-1.dist-info/direct_url.json",
        #"{"dir_info": {"editable": true}, "url": "file://REPO"}"#, "."
      ),
      ("shop-1.dist-info/direct_url.json", #"{"dir_info": {}, "url": "file://localhostREPO/src"}"#, "src"),
    ])
  func editable(name: String, text: String, target: String) throws {
    try write("\(packages)/\(name)", text)
    let found = try found()
    #expect(try targets() == [target])
    #expect(found.first?.place.contains("/\(name)'") == true)
    #expect(found.first?.place.contains(bin + "/python3") == true)
  }

  @Test("an install that several files record is told once")
  func oneInstall() throws {
    try write(packages + "/__editable__.shop-1.pth", "REPO/src\n")
    try write(
      packages + "/shop-1.dist-info/direct_url.json",
      #"{"url":"file://REPO","dir_info":{"editable":true}}"#)
    #expect(try targets() == ["src"])
  }

  @Test("a package that is a link, and a URL with escapes")
  func linkedPackage() throws {
    try world.write("a b/ü.py", "x")
    try link(packages + "/shop", to: "REPO/src/shop")
    try write(packages + "/s-1.dist-info/direct_url.json", #"{"url":"file://REPO/a%20b/%C3%BC.py"}"#)
    #expect(try targets() == ["src/shop", "a b/ü.py"])
  }

  @Test("the environment that is active counts, not what PATH would find")
  func virtualEnvironment() throws {
    try write(packages + "/shop.pth", "REPO/src\n")
    let other = world.path + "/.venv"
    try write(other + "/pyvenv.cfg", "home = /usr/bin\n")
    let inside = other + "/lib/python3.11/site-packages"
    try Files.makeDirectories(other + "/bin")
    try Files.makeDirectories(inside)
    let python = "#!/bin/sh\nprintf '%s' '\(inside)'\n"
    try Files.writeAtomically(other + "/bin/python3", Array(python.utf8), mode: 0o755)
    world.environment["VIRTUAL_ENV"] = other
    world.environment["PATH"] = other + "/bin:" + bin
    // The packages of others that lie in it are nobody's code here.
    #expect(try found() == [])
    try write(inside + "/shop.pth", "REPO/src\n")
    #expect(try targets() == ["src"])
  }

  @Test("an environment that a verifier names by its path is looked at too")
  func namedEnvironment() throws {
    let other = world.root + "/venv"
    try write(other + "/pyvenv.cfg", "home = /usr/bin\n")
    try write(other + "/lib/site-packages/shop.pth", "REPO/src\n")
    try Files.makeDirectories(other + "/bin")
    let python = "#!/bin/sh\nprintf '%s' '\(other)/lib/site-packages'\n"
    try Files.writeAtomically(other + "/bin/python", Array(python.utf8), mode: 0o755)
    var plan = Plan(migration: "m")
    plan.gate.verifiers = [Plan.Verifier(name: "t", run: "CI=1 \(other)/bin/pytest -q")]
    #expect(try targets(plan) == ["src"])
    #expect(try targets() == [])
  }

  @Test("a Python that does not answer, or answers nonsense, is passed over", .timeLimit(.minutes(10)))
  func silentPython() throws {
    for text in ["exit 1", "printf '\\377\\0/\\0site-packages\\0/nowhere/site-packages'", "exec /nowhere"] {
      try Files.writeAtomically(bin + "/python3", Array("#!/bin/sh\n\(text)\n".utf8), mode: 0o755)
      #expect(try found() == [])
    }
  }

  @Test("what pip and venv really make is understood")
  func realPython() throws {
    let current = ChildEnvironment.current()
    let asked = try? Command(
      "python3", ["-c", "import sys, venv; print(sys.executable)"], environment: current
    )
    .run()
    guard let asked, asked.status.isSuccess else {
      print("SKIPPED: python3 with venv is not here")
      return
    }
    let python = String(asked.text.dropLast())
    let venv = world.root + "/real"
    #expect(try world.run(python, ["-m", "venv", "--without-pip", venv]).code == 0)
    world.environment["VIRTUAL_ENV"] = venv
    let printed = try world.run(
      venv + "/bin/python", ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    let folder = String(printed.out.dropLast())
    #expect(try found() == [])
    try write(folder + "/__editable__.shop-1.pth", "REPO/src\n")
    // The claim that the warning makes: from any folder, that Python takes the package from the work tree.
    let imported = try world.run(venv + "/bin/python", ["-c", "import shop"], in: world.root)
    #expect(imported.err.contains(world.path + "/src/shop/__init__.py"), "\(imported)")
    #expect(try targets() == ["src"])
  }

  // MARK: Variables and programs

  @Test(
    "a search path that leads into the work tree is told",
    arguments: [
      ("PYTHONPATH", "/usr/lib:REPO/src", ["src"]), ("PYTHONPATH", "REPO", ["."]),
      ("NODE_PATH", "REPO/packages", ["packages"]), ("NODE_PATH", "REPO/node_modules", []),
      ("NODE_OPTIONS", "--require=REPO/bin/t --trace-warnings", ["bin/t"]),
      ("CFLAGS", "-O2 -IREPO/src -I/usr/include", ["src"]), ("LDFLAGS", "-LREPO/crate", ["crate"]),
      ("GOPATH", "REPO", ["."]), ("GOPATH", "REPO/mod", []),
      ("GOFLAGS", "-modfile=REPO/mod/go.mod", ["mod/go.mod"]),
      ("RUSTFLAGS", "-L dependency=REPO/crate", ["crate"]), ("CARGO_TARGET_DIR", "REPO/crate", ["crate"]),
      // Not passed on, or about other things.
      ("CLASSPATH", "REPO/src", []), ("PIP_CACHE_DIR", "REPO/src", []), ("HOME", "REPO", []),
    ])
  func searchPaths(name: String, value: String, expected: [String]) throws {
    try world.write("node_modules/x/index.js", "x")
    world.environment[name] = value.replacing("REPO", with: world.path)
    #expect(try targets() == expected)
    #expect(try found().allSatisfy { $0.place.hasPrefix(name) && $0.hint.contains(name) })
  }

  @Test("so is whatever variable the user passes on")
  func passed() throws {
    world.environment["CLASSPATH"] = "/usr/share/java/x.jar:\(world.path)/src"
    #expect(try world.run("/usr/bin/git", ["config", "migrate.passEnvironment", "CLASSPATH"]).code == 0)
    #expect(try targets() == ["src"])
    #expect(try found().first?.hint.contains("migrate.passEnvironment") == true)
  }

  @Test("a folder of PATH in the work tree, and a link in PATH that leads there")
  func programs() throws {
    try link(bin + "/tool", to: "../../repo/bin/t")
    try link(bin + "/dangling", to: "nowhere")
    #expect(try targets() == ["bin/t"])
    world.environment["PATH"] = "\(bin):bin:\(world.path)/bin"
    #expect(try Set(targets()) == ["bin/t", "bin"])
  }

  @Test("a gate's command that names the work tree")
  func commands() throws {
    var plan = Plan(migration: "m")
    plan.gate.verifiers = [
      Plan.Verifier(name: "a", run: "cd \(world.path) && make"), Plan.Verifier(name: "b", run: "make test"),
    ]
    plan.gate.setup = Plan.Gate.Setup(run: "cp '\(world.path)/bin/t' .")
    #expect(try targets(plan) == [".", "bin/t"])
  }

  @Test("where the home is the repository, only what is tracked is its code")
  func homeRepository() throws {
    world.environment["HOME"] = world.path
    try world.write(".local/bin/tool", "x")
    world.environment["PATH"] = "\(bin):\(world.path)/.local/bin"
    #expect(try found() == [])
    world.environment["PATH"] = "\(bin):\(world.path)/bin"
    #expect(try targets() == ["bin"])
  }

  @Test("another worktree of the repository is no better than the main one")
  func otherWorktree() throws {
    let other = world.root + "/other"
    #expect(try world.run("/usr/bin/git", ["worktree", "add", "--quiet", "--detach", other]).code == 0)
    world.environment["PYTHONPATH"] = other + "/src"
    #expect(try found().map(\.target) == [other + "/src"])
  }

  // MARK: Node.js

  @Test("links in npm's global folder, and links that leave the work tree and come back")
  func npmLinks() throws {
    try link(world.root + "/prefix/lib/node_modules/a", to: "../../../repo/packages/a")
    try link(world.root + "/prefix/lib/node_modules/@shop/a", to: "REPO/packages/a")
    #expect(try targets() == ["packages/a"])
    #expect(try found().first?.place.contains("/prefix/lib/node_modules/") == true)
    #expect(try world.run("/bin/rm", ["-r", world.root + "/prefix/lib/node_modules"]).code == 0)
    // The packages of a workspace are linked like this; in a slot such a link leads into the slot.
    try link(world.path + "/node_modules/a", to: "../packages/a")
    #expect(try found() == [])
    try link(world.path + "/node_modules/b", to: "REPO/packages/a")
    #expect(try targets() == ["packages/a"])
  }

  @Test("links in NODE_PATH, in the user's own prefix, and above the slots", arguments: 0...2)
  func otherLinks(_ place: Int) throws {
    let home = try #require(world.environment["HOME"])
    switch place {
    case 0:
      world.environment["NODE_PATH"] = world.root + "/modules"
      try link(world.root + "/modules/a", to: "REPO/packages/a")
    case 1:
      try write(home + "/.npmrc", "fund = false\nprefix = \(world.root)/global\n")
      try link(world.root + "/global/lib/node_modules/a", to: "REPO/packages/a")
    default: try link(world.root + "/node_modules/a", to: "REPO/packages/a")
    }
    #expect(try targets() == ["packages/a"])
  }

  // MARK: Go

  @Test("a workspace above the slots, unless a nearer one or a switch hides it")
  func goWorkspace() throws {
    try write(
      world.root + "/go.work", "go 1.22 // REPO/src\n\nuse (\n\t./repo/mod // ours\n\t./lib\n)\nuse ./repo\n")
    #expect(try targets() == ["mod", "."])
    world.environment["GOWORK"] = "off"
    // A variable that is not passed on changes nothing.
    #expect(try targets() == ["mod", "."])
    let home = try #require(world.environment["HOME"])
    try write(home + "/.config/go/env", "GOWORK=off\n")
    #expect(try found() == [])
    try write(home + "/.config/go/env", "GOWORK=\(world.root)/go.work\nGOFLAGS=-overlay=REPO/mod/go.mod\n")
    #expect(try targets() == ["mod/go.mod", "mod", "."])
    try write(home + "/.config/go/env", "")
    try world.write("go.work", "go 1.22\nuse ./mod\nreplace example.com/a => REPO/src\n")
    #expect(try targets() == ["mod", "."], "it is not tracked, so no slot has it")
    try write(world.path + "/go.work", "go 1.22\nuse ./mod\nreplace example.com/a => REPO/src\n")
    #expect(try world.run("/usr/bin/git", ["add", "go.work"]).code == 0)
    #expect(try world.run("/usr/bin/git", ["commit", "--quiet", "--message=go.work"]).code == 0)
    #expect(try targets() == ["src"])
  }

  // MARK: Cargo

  @Test(
    "an override in Cargo's settings, at home or above the slots",
    arguments: [
      ("home/.cargo/config.toml", "paths = [\"REPO/crate\"] # mine", ["crate"]),
      ("home/.cargo/config.toml", "paths = [\n  '../repo/crate',\n]\n", ["crate"]),
      (".cargo/config.toml", "paths = [ \"repo\" ]", ["."]),
      (".cargo/config", "[patch.crates-io]\nshop = { path = \"repo/crate\" }\n", ["crate"]),
      (".cargo/config.toml", "[source.vendored]\ndirectory = 'repo'\n", ["."]),
      (".cargo/config.toml", "[build]\nrustc-wrapper = \"REPO/bin/t\"\n", ["bin/t"]),
      (".cargo/config.toml", "[registry]\ndefault = \"repo\" # paths = ['REPO']\n", []),
      (".cargo/config.toml", "paths = [\"/usr/lib\", \"repo-other\", \"\"]\n\"unfinished", []),
      ("cargo-home/config.toml", "paths = [\"REPO/crate\"]", ["crate"]),
    ])
  func cargoOverrides(file: String, text: String, expected: [String]) throws {
    if file.hasPrefix("cargo-home") { world.environment["CARGO_HOME"] = world.root + "/cargo-home" }
    try write("\(world.root)/\(file)", text)
    #expect(try targets() == expected)
  }

  @Test("the repository's own settings of Cargo are the candidate's, unless they name the work tree")
  func ownCargo() throws {
    try write(world.path + "/.cargo/config.toml", "paths = [\"crate\"]\n")
    #expect(try world.run("/usr/bin/git", ["add", "."]).code == 0)
    #expect(try world.run("/usr/bin/git", ["commit", "--quiet", "--message=cargo"]).code == 0)
    #expect(try found() == [])
    // A slot is a work tree too, and the right one for its own candidate.
    let slot = world.path + ".migrate/gate-1"
    #expect(try world.run("/usr/bin/git", ["worktree", "add", "--quiet", "--detach", slot]).code == 0)
    #expect(try found() == [])
    try write(world.path + "/.cargo/config.toml", "paths = [\"crate\", \"REPO/src\"]\n")
    #expect(try targets() == ["src"])
  }
}
