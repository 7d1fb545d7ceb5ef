import CanonicalJSON
import Migration

/// What `gate: auto` finds in a tree: the build systems, at the top and in folders, and what each has to
/// check. Pure: it sees the names of the tracked files, and the texts of a few of them.
public struct BuildSystems {
  /// The checks, the cheapest first: formatters and linters, then builds, then tests.
  public private(set) var verifiers: [Plan.Verifier] = []
  /// What makes the tree usable before them, when a lock file says what that is.
  public private(set) var setup: Plan.Gate.Setup?
  /// Ignored folders that are worth keeping between candidates.
  public private(set) var keep: [String] = []

  private let files: Set<String>
  private let read: (String) -> String?
  private var setups: [(run: String, inputs: [String])] = []

  /// Looks at a tree. `text` gives the content of a file, or `nil` when it is none that can be read.
  public init(files: [String], text: @escaping (String) -> String?) {
    self.files = Set(files)
    read = text
    for folder in BuildSystems.folders(of: files) { look(in: folder) }
    let order: [Plan.Verifier.Kind] = [.format, .lint, .build, .test]
    verifiers = order.flatMap { kind in verifiers.filter { $0.kind == kind } }
    if !setups.isEmpty {
      setup = Plan.Gate.Setup(
        run: setups.map(\.run).joined(separator: " && "), inputs: setups.flatMap(\.inputs))
    }
  }

  /// A gate as the text of a plan.
  public static func planText(_ gate: Plan.Gate) -> String {
    var lines = ["gate:", "  verifiers:"]
    for verifier in gate.verifiers {
      let kind = verifier.kind == .test ? "" : " kind: \(verifier.kind.rawValue),"
      lines.append("    - { name: \(verifier.name),\(kind) run: \(quoted(verifier.run)) }")
    }
    if !gate.guards.isEmpty {
      lines.append("  guards: [\(gate.guards.map(\.rawValue).joined(separator: ", "))]")
    }
    if let setup = gate.setup {
      let inputs = setup.inputs.map(quoted).joined(separator: ", ")
      lines.append("  setup: { run: \(quoted(setup.run))\(inputs.isEmpty ? "" : ", inputs: [\(inputs)]") }")
    }
    if !gate.keep.isEmpty { lines.append("  keep: [\(gate.keep.map(quoted).joined(separator: ", "))]") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func quoted(_ text: String) -> String {
    let plain = text.utf8.allSatisfy {
      $0 >= 0x61 && $0 <= 0x7A || $0 >= 0x41 && $0 <= 0x5A || $0 >= 0x30 && $0 <= 0x39
        || " ./_-=".utf8.contains($0)
    }
    if plain, !text.hasPrefix("-"), !text.hasPrefix(" "), !text.hasSuffix(" ") { return text }
    return "'" + text.replacing("'", with: "''") + "'"
  }

  // MARK: Folders

  /// Copies of other people's projects, and what tests are fed with.
  private static let foreign: Set = [
    "node_modules", "vendor", "third_party", "testdata", "fixtures", "external", "deps", "Pods", ".git",
    "examples", "templates",
  ]
  private static let deepest = 3
  private static let mostFolders = 64

  /// The folders that hold something a build begins with, the topmost first.
  private static func folders(of files: [String]) -> [String] {
    var found: Set<String> = []
    for file in files {
      let parts = file.split(separator: "/")
      guard let name = parts.last, parts.count <= deepest + 1 else { continue }
      let folders = parts.dropLast()
      guard !folders.contains(where: { foreign.contains(String($0)) }) else { continue }
      if isBeginning(String(name)) { found.insert(folders.joined(separator: "/")) }
    }
    let sorted = found.sorted { one, other in
      let depths = [one, other].map { $0.isEmpty ? 0 : $0.split(separator: "/").count }
      return depths[0] == depths[1]
        ? one.utf8.lexicographicallyPrecedes(other.utf8) : depths[0] < depths[1]
    }
    return Array(sorted.prefix(mostFolders))
  }

  private static func isBeginning(_ name: String) -> Bool {
    beginnings.contains(name) || name.hasSuffix(".sln") || name.hasSuffix(".csproj")
      || name.hasSuffix(".fsproj") || isPythonTest(name)
  }

  private static let beginnings: Set = [
    "Package.swift", "Cargo.toml", "go.mod", "go.work", "package.json", "pom.xml", "build.gradle",
    "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "Makefile", "GNUmakefile",
    "CMakeLists.txt", "meson.build", "pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini",
    "Gemfile", "composer.json", "conftest.py",
  ]

  private static func isPythonTest(_ name: String) -> Bool {
    name.hasSuffix(".py") && (name.hasPrefix("test_") || name.hasSuffix("_test.py"))
  }

  private var taken: [String: Set<String>] = [:]

  /// Whether this folder, or one above it, is looked after by that system already.
  private func isTaken(_ system: String, _ folder: String) -> Bool {
    (taken[system] ?? []).contains { $0.isEmpty || $0 == folder || folder.hasPrefix($0 + "/") }
  }

  private func has(_ name: String, _ folder: String) -> Bool { files.contains(path(name, folder)) }
  private func path(_ name: String, _ folder: String) -> String {
    folder.isEmpty ? name : folder + "/" + name
  }
  private func text(_ name: String, _ folder: String) -> String {
    has(name, folder) ? read(path(name, folder)) ?? "" : ""
  }

  private mutating func add(
    _ system: String, _ folder: String, _ checks: [(Plan.Verifier.Kind, String, String)]
  ) {
    taken[system, default: []].insert(folder)
    for (kind, name, command) in checks {
      var full = folder.isEmpty ? name : name + "-" + BuildSystems.slug(folder)
      if full.utf8.count > 60 { full = String(decoding: full.utf8.prefix(60), as: UTF8.self) }
      guard !verifiers.contains(where: { $0.name.lowercased() == full.lowercased() }) else { continue }
      let run = folder.isEmpty ? command : "cd \(ShellQuote.word(folder)) && \(command)"
      verifiers.append(Plan.Verifier(name: full, kind: kind, run: run))
    }
  }

  private static func slug(_ folder: String) -> String {
    String(
      decoding: folder.utf8.map { byte in
        byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5A || byte >= 0x61 && byte <= 0x7A
          ? byte : UInt8(ascii: "-")
      }, as: UTF8.self)
  }

  private mutating func prepare(_ folder: String, _ command: String, _ lock: String, keeping kept: String) {
    let run = folder.isEmpty ? command : "(cd \(ShellQuote.word(folder)) && \(command))"
    setups.append((run, [path(lock, folder)]))
    keep.append("/" + path(kept, folder))
  }

  // MARK: Systems

  private mutating func look(in folder: String) {
    let before = verifiers.count
    lookForCompiled(folder)
    lookForJavaScript(folder)
    lookForJVM(folder)
    lookForPython(folder)
    lookForScripted(folder)
    lookForNative(folder)
    // What a Makefile tests is mostly what was found beside it.
    let make = text("Makefile", folder) + text("GNUmakefile", folder)
    guard verifiers.count == before, !isTaken("make", folder), !isTaken("any", folder) else { return }
    for target in ["test", "check"] where make.hasLine(startingWith: target + ":") {
      return add("make", folder, [(.test, "make-\(target)", "make \(target)")])
    }
  }

  private mutating func lookForCompiled(_ folder: String) {
    if has("Package.swift", folder), !isTaken("swift", folder) {
      add(
        "swift", folder,
        [(.build, "swift-build", "swift build --build-tests"), (.test, "swift-test", "swift test")])
      keep.append("/" + path(".build", folder))
    }
    let cargo = text("Cargo.toml", folder)
    if has("Cargo.toml", folder), !isTaken("cargo", folder) {
      let all = cargo.contains("[workspace]") ? " --workspace" : ""
      add(
        "cargo", folder,
        [
          (.build, "cargo-check", "cargo check\(all) --all-targets"),
          (.test, "cargo-test", "cargo test\(all)"),
        ])
      keep.append("/" + path("target", folder))
    }
    if has("go.mod", folder) {
      add("go", folder, [(.lint, "go-vet", "go vet ./..."), (.test, "go-test", "go test ./...")])
    }
    let names = files.filter { file in
      file.hasSuffix(".sln") && BuildSystems.folder(of: file) == folder
        || (file.hasSuffix(".csproj") || file.hasSuffix(".fsproj")) && BuildSystems.folder(of: file) == folder
    }
    if !names.isEmpty, !isTaken("dotnet", folder) {
      add(
        "dotnet", folder,
        [(.build, "dotnet-build", "dotnet build"), (.test, "dotnet-test", "dotnet test --no-build")])
    }
  }

  private static func folder(of path: String) -> String {
    path.split(separator: "/").dropLast().joined(separator: "/")
  }

  private mutating func lookForJavaScript(_ folder: String) {
    guard has("package.json", folder), let json = try? JSON.parse(Array(text("package.json", folder).utf8))
    else { return }
    let tools = [
      ("pnpm-lock.yaml", "pnpm", "pnpm install --frozen-lockfile"),
      ("yarn.lock", "yarn", "yarn install --frozen-lockfile"), ("package-lock.json", "npm", "npm ci"),
    ]
    let tool = tools.first { has($0.0, folder) }
    let name = tool?.1 ?? (isTaken("pnpm", folder) ? "pnpm" : isTaken("yarn", folder) ? "yarn" : "npm")
    guard case .object(let scripts)? = json["scripts"] else { return }
    var checks: [(Plan.Verifier.Kind, String, String)] = []
    func script(_ key: String) -> String? {
      guard case .string(let text)? = scripts.first(where: { $0.key == key })?.value else { return nil }
      return text
    }
    for key in ["lint", "typecheck"] where script(key) != nil {
      checks.append((key == "lint" ? .lint : .build, "\(name)-\(key)", "\(name) run \(key)"))
    }
    if let test = script("test"), !test.contains("no test specified") {
      checks.append((.test, "\(name)-test", "\(name) test"))
    }
    guard !checks.isEmpty, !isTaken("workspaces", folder) else { return }
    add(name, folder, checks)
    if json["workspaces"] != nil || has("pnpm-workspace.yaml", folder) {
      taken["workspaces", default: []].insert(folder)
    }
    if let tool { prepare(folder, tool.2, tool.0, keeping: "node_modules") }
  }

  private mutating func lookForJVM(_ folder: String) {
    if has("pom.xml", folder), !isTaken("maven", folder) {
      let program = has("mvnw", folder) ? "./mvnw" : "mvn"
      add("maven", folder, [(.test, "maven-test", "\(program) -B test")])
    }
    let builds = ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"]
    if builds.contains(where: { has($0, folder) }), !isTaken("gradle", folder) {
      let program = has("gradlew", folder) ? "./gradlew" : "gradle"
      add("gradle", folder, [(.test, "gradle-test", "\(program) test")])
    }
  }

  private mutating func lookForPython(_ folder: String) {
    let project = text("pyproject.toml", folder) + text("setup.cfg", folder) + text("tox.ini", folder)
    let isProject =
      ["pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini", "conftest.py"]
      .contains { has($0, folder) }
    guard !isTaken("python", folder) else { return }
    let tests = files.filter { file in
      (folder.isEmpty || file.hasPrefix(folder + "/"))
        && BuildSystems.isPythonTest(String(file.split(separator: "/").last ?? ""))
        && !file.split(separator: "/").contains { BuildSystems.foreign.contains(String($0)) }
    }
    guard isProject || !tests.isEmpty, !tests.isEmpty || project.contains("pytest") else { return }
    var checks: [(Plan.Verifier.Kind, String, String)] = []
    if project.contains("[tool.ruff") || has("ruff.toml", folder) {
      checks.append((.lint, "ruff", "ruff check ."))
    }
    if project.contains("[tool.mypy") || project.contains("[mypy]") || has("mypy.ini", folder) {
      checks.append((.lint, "mypy", "mypy ."))
    }
    let usesPytest =
      has("pytest.ini", folder) || project.contains("pytest") || has("conftest.py", folder)
      || files.contains { $0.hasSuffix("/conftest.py") && (folder.isEmpty || $0.hasPrefix(folder + "/")) }
      || tests.sorted().prefix(20).contains { (read($0) ?? "").contains("pytest") }
      || tests.sorted().prefix(20).contains { !(read($0) ?? "unittest").contains("unittest") }
    if usesPytest {
      checks.append((.test, "pytest", "python3 -m pytest"))
    } else if has("tox.ini", folder) {
      checks.append((.test, "tox", "tox"))
    } else {
      checks.append((.test, "unittest", "python3 -m unittest discover"))
    }
    add("python", folder, checks)
  }

  private mutating func lookForScripted(_ folder: String) {
    if has("Gemfile", folder), !isTaken("ruby", folder) {
      let prefix = folder.isEmpty ? "" : folder + "/"
      if has(".rspec", folder) || files.contains(where: { $0.hasPrefix(prefix + "spec/") }) {
        add("ruby", folder, [(.test, "rspec", "bundle exec rspec")])
      } else if has("Rakefile", folder) {
        add("ruby", folder, [(.test, "rake-test", "bundle exec rake test")])
      }
    }
    if has("composer.json", folder), !isTaken("composer", folder) {
      let json = try? JSON.parse(Array(text("composer.json", folder).utf8))
      if json?["scripts"]?["test"] != nil {
        add("composer", folder, [(.test, "composer-test", "composer test")])
      } else if has("phpunit.xml", folder) || has("phpunit.xml.dist", folder) {
        add("composer", folder, [(.test, "phpunit", "vendor/bin/phpunit")])
      } else {
        return
      }
      if has("composer.lock", folder) {
        prepare(folder, "composer install", "composer.lock", keeping: "vendor")
      }
    }
  }

  private mutating func lookForNative(_ folder: String) {
    if has("CMakeLists.txt", folder), !isTaken("cmake", folder) {
      add(
        "cmake", folder,
        [
          (.build, "cmake-build", "cmake -S . -B build && cmake --build build"),
          (.test, "ctest", "ctest --test-dir build --output-on-failure"),
        ])
    }
    if has("meson.build", folder), !isTaken("meson", folder) {
      add(
        "meson", folder,
        [
          (.build, "meson-build", "meson setup build && meson compile -C build"),
          (.test, "meson-test", "meson test -C build"),
        ])
    }
  }
}

extension String {
  fileprivate func hasLine(startingWith prefix: String) -> Bool {
    utf8.split(separator: 0x0A).contains { $0.starts(with: prefix.utf8) }
  }
}
