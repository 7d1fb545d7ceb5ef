import Migration

/// Settings of runners and build systems.
extension LineJudge {
  /// Whether a line says where tests are, and another one in its place says it of all tests of the change.
  func isPattern(_ line: Substring) -> Bool {
    guard let name = LineJudge.name(line) else { return false }
    return came.contains { LineJudge.name($0[...]) == name && isHarmless($0[...]) }
  }

  /// `spec` of `spec: test/**/*.test.js`, and of `"spec": […]`.
  static func name(_ line: Substring) -> Substring? {
    var text = line
    if text.hasPrefix("<") { return text.dropFirst().before(">") }
    if text.hasPrefix("\"") { text = text.dropFirst() }
    return ["\":", ":", "="].compactMap { text.before($0) }.min { $0.utf8.count < $1.utf8.count }?.trimmed
  }

  /// Whether globs and folders find every test of the change.
  func findsAll(_ pattern: Substring) -> Bool {
    let text = LineJudge.spelledOut(String(pattern))
    let words = text.split { " ,[]\"'<>".contains($0) }.map(String.init)
    guard !words.isEmpty, !words.contains(where: { $0.hasPrefix("!") }) else { return false }
    let tests = judge.change.paths.compactMap(\.newPath).filter { name in
      let path = TestPath(name)
      if TestFile.supportNames.contains(path.name) { return false }
      return TestLanguages.language(of: path)?.isTestPath(path) == true
    }
    guard !tests.isEmpty else { return false }
    return tests.allSatisfy { test in
      words.contains { word in
        if word.contains("*") { return PathGlob(word)?.matches(test) == true }
        let folder = word.hasPrefix("./") ? String(word.dropFirst(2)) : word
        return !folder.contains(".") && (test.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/"))
      }
    }
  }

  /// `*.test.{ts,tsx}` and `*.[jt]s?(x)` as plain globs.
  private static func spelledOut(_ pattern: String) -> String {
    var text = pattern
    for (sign, plain) in [("[jt]s?(x)", "{js,jsx,ts,tsx}"), ("[jt]sx", "{jsx,tsx}"), ("[jt]s", "{js,ts}")] {
      text = text.replacing(sign, with: plain)
    }
    var words: [String] = []
    var rest = text[...]
    func alternatives(_ word: Substring) -> [String] {
      guard let head = word.before("{"), let inner = word.after("{")?.before("}"),
        let tail = word.after("}")
      else { return [String(word)] }
      return inner.split(separator: ",").flatMap { alternatives("\(head)\($0)\(tail)"[...]) }
    }
    // A comma in braces parts no words.
    while !rest.isEmpty {
      var (depth, end) = (0, rest.startIndex)
      while end < rest.endIndex, depth > 0 || !" ,[]\"'".contains(rest[end]) {
        if rest[end] == "{" { depth += 1 }
        if rest[end] == "}" { depth -= 1 }
        end = rest.index(after: end)
      }
      if end > rest.startIndex { words += alternatives(rest[..<end]) }
      rest = rest[end...].dropFirst()
    }
    return words.joined(separator: " ")
  }

  // MARK: Python

  private static let pythonKeys: Set = [
    "asyncio_mode", "asyncio_default_fixture_loop_scope", "pythonpath", "minversion", "markers", "log_cli",
    "log_level", "log_cli_level", "log_format", "junit_family", "console_output_style", "timeout",
    "xfail_strict", "cache_dir", "required_plugins", "django_settings_module", "env_list", "envlist",
    "isolated_build", "skipsdist", "deps", "basepython", "description", "passenv", "extras", "requires",
    "allowlist_externals", "package", "wheel_build_env", "line-length", "max-line-length", "target-version",
    "select", "fixable", "quote-style", "python_version", "known-first-party", "source", "branch",
    "show_missing", "dev-dependencies", "package-dir", "indent-width", "line_length", "src", "plugins",
    "skip_missing_interpreters", "usedevelop", "changedir", "minversion", "verbosity", "index-url", "name",
  ]

  func isHarmlessSection(_ line: Substring) -> Bool {
    if line.hasPrefix("[") {
      return !line.has("entry_points") && !line.has("entry-points") && !line.has("aliases")
    }
    let name = LineJudge.name(line).map { $0.lowercased() } ?? ""
    let value = (line.after("=") ?? line.after(":") ?? "").trimmed
    if isOfNewChecker(line), !["ignore", "exclude", "skip", "follow"].contains(where: { name.hasPrefix($0) })
    {
      return true
    }
    switch name {
    case "addopts":
      // Options that were there before are not looked at again.
      let words = value.filter { !"[],".contains($0) }
      return judge.commands.isPlain("pytest " + bare(words)[...])
    case "testpaths", "python_files", "python_classes", "python_functions", "norecursedirs", "filterwarnings",
      "usefixtures", "fail_under", "omit", "exclude":
      if MovedSettings(judge.change).stood(line) { return true }
      return name == "testpaths" || name == "python_files" ? findsAll(value) : false
    case "commands": return judge.commands.isPlain(value)
    case "xfail_strict": return value.lowercased() == "true"
    case let name where LineJudge.strictNames.contains { name.hasPrefix($0) }:
      return value.lowercased() == "true"
    case "ignore", "extend-ignore", "per-file-ignores":
      // A linter that comes new brings along what it was not asked before.
      return !old.contains { $0.contains("ruff") } && isOfLinter(line)
    case "collect_ignore", "setenv", "ignore_errors", "ignore_outcome", "confcutdir": return false
    default: return LineJudge.pythonKeys.contains(name) || isItem(line)
    }
  }

  /// Options that make a checker say more.
  private static let strictNames = [
    "strict", "disallow_", "warn_", "check_untyped", "no_implicit", "extra_checks", "strict_equality",
  ]

  func bare(_ text: some StringProtocol) -> String {
    String(text.filter { $0 != "\"" && $0 != "'" })
  }

  /// Whether a line tells a checker of types what to look at that comes new.
  private func isOfNewChecker(_ line: Substring) -> Bool {
    guard let place = new.firstIndex(of: String(line)),
      let section = new[..<place].last(where: { $0.hasPrefix("[") && $0.hasSuffix("]") }),
      let tool = ["mypy", "pyright", "ty", "basedpyright"].first(where: {
        section.hasPrefix("[tool.\($0)") || section.hasPrefix("[\($0)")
      })
    else { return false }
    return !old.contains { $0.contains(tool) }
      && !judge.change.paths.contains { other in
        other.oldPath.map { [tool + ".ini", "setup.cfg", "tox.ini"].contains(TestPath($0).name) } == true
      }
  }

  private func isOfLinter(_ line: Substring) -> Bool {
    guard let place = new.firstIndex(of: String(line)),
      let section = new[..<place].last(where: { $0.hasPrefix("[") })
    else { return false }
    return section.contains("ruff") || section.contains("flake8")
  }

  /// A line of a list whose key was there before, or is one of those.
  private func isItem(_ line: Substring) -> Bool {
    if ["]", "[", "}", "{"].contains(line.trimmed) { return true }
    guard let place = new.firstIndex(of: String(line)) else { return false }
    for text in new[..<place].reversed() {
      if text.hasPrefix("["), text.hasSuffix("]"), !text.contains("\"") { return false }
      // `pytest>=8`
      guard text.contains("="), text[...].before("=")?.last.map({ "<>!~=".contains($0) }) != true else {
        continue
      }
      let name = LineJudge.name(text[...]).map { $0.lowercased() } ?? ""
      if name == "commands" { return judge.commands.isPlain(line) }
      return LineJudge.pythonKeys.contains(name)
    }
    return false
  }

  // MARK: Build systems

  func isHarmlessTag(_ line: Substring) -> Bool {
    let value = line.after("=\"") ?? ""
    let name = line.before("=") ?? ""
    if path.name.hasPrefix("phpunit"), isOfCoverage(line) { return true }
    let attributes: Set = [
      "cacheDirectory", "colors", "cacheResultFile", "xmlns:xsi", "xsi:noNamespaceSchemaLocation", "version",
      "Version", "executionOrder", "resolveDependencies", "PrivateAssets", "IncludeAssets", "Update",
      "displayDetailsOnTestsThatTriggerWarnings", "displayDetailsOnTestsThatTriggerDeprecations",
    ]
    if attributes.contains(String(name)) { return true }
    if name == "name", path.name.hasPrefix("phpunit") {
      return ["", ">"].contains((value.after("\"") ?? "-").trimmed)
    }
    if name == "Include" { return !value.has("..") && !value.has(".cs") && !value.has("*") }
    if name.hasPrefix("failOn") || name.hasPrefix("beStrict") { return value.hasPrefix("true") }
    if ["<phpunit", "<PackageReference", "<Using"].contains(String(line)) { return true }
    if line.hasPrefix("<argLine>") {
      let words = (line.after(">")?.before("<") ?? "").split(separator: " ")
      return words.allSatisfy { word in
        [
          "--add-opens", "--add-exports", "-Xm", "@{argLine}", "-Dfile.encoding", "-XX:", "java.base/",
          "--enable-preview",
        ].contains { word.hasPrefix($0) }
      }
    }
    let telling = ["<trimStackTrace>", "<runOrder>", "<printSummary>", "<reportFormat>", "<useModulePath>"]
    if telling.contains(where: { line.hasPrefix($0) }) { return true }
    if line.has("surefire") || line.has("failsafe") { return line.has("<artifactId>") || line.has("ersion>") }
    if line.hasPrefix("<directory>") {
      // A suite for each kind of tests.
      let folders = new.filter { $0.hasPrefix("<directory>") }.map { $0[...].after(">")?.before("<") ?? "" }
      return findsAll(folders.joined(separator: " ")[...])
    }
    return ["<testsuites>", "</testsuites>", "</phpunit>", "<testsuite", "</testsuite>"].contains(
      String(line))
  }

  /// Whether a line of PHPUnit's settings only says what code is measured.
  private func isOfCoverage(_ line: Substring) -> Bool {
    let sections = ["<source", "<whitelist", "<coverage", "<filter", "<logging", "<report"]
    let tags = sections + sections.map { "</" + $0.dropFirst() }
    if tags.contains(where: { line.hasPrefix($0) }) { return !line.has("<directory") }
    guard let place = new.firstIndex(where: { $0.hasPrefix(line) }) else { return false }
    for text in new[..<place].reversed() {
      if text.hasPrefix("<testsuite")
        || text.hasPrefix("</")
          && sections.contains(where: {
            text.hasPrefix("</" + $0.dropFirst())
          })
      {
        return false
      }
      if sections.contains(where: { text.hasPrefix($0) }) {
        return ["<include", "</include", "<exclude", "</exclude", "<directory", "<file"].contains {
          line.hasPrefix($0)
        }
      }
    }
    return false
  }

  /// Whether a task of rake goes over all tests: `t.pattern = "test/**/*_test.rb"`.
  func findsAllOfRake(_ line: Substring) -> Bool {
    guard line.hasPrefix("t.pattern") || line.hasPrefix("t.test_files") || line.hasPrefix("t.test_globs"),
      let value = line.after("=")
    else { return false }
    let globs = value.split { !($0.isLetter || $0.isNumber || "*/_.-".contains($0)) }.joined(separator: " ")
    return findsAll(globs.replacing("FileList", with: "")[...].trimmed)
  }

  func isHarmlessGradle(_ line: Substring) -> Bool {
    if path.name.hasPrefix("settings.gradle"), line.hasPrefix("include(") || line.hasPrefix("include ") {
      return true
    }
    let words = [
      "enabled", "exclude", "gnoreFailures", "onlyIf", "filter", "include", "retr", "finalizedBy", "srcDir",
      "files(", "project(", "failOn", "enableAssertions", "maxRetries", "skip", "sourceSets",
    ]
    if words.contains(where: { line.has($0) }) { return false }
    if [
      "testImplementation", "testRuntimeOnly", "testCompile", "androidTestImplementation", "testApi",
      "testAnnotationProcessor", "kaptTest",
    ].contains(where: { line.hasPrefix($0) }) {
      return true
    }
    if line.has("useJUnit") || line.has("useTestNG") {
      let rest = line.after("useJUnitPlatform") ?? line.after("useJUnit") ?? line.after("useTestNG") ?? ""
      return !rest.has("Tags") && !rest.has("Engines") && !rest.has("{ ")
    }
    return [
      "test {", "tasks.test {", "testLogging", "tasks.named(\"test\") {", "tasks.named('test') {",
      "tasks.withType<Test>",
      "tasks.withType(Test)", "alias(", "kotlin(\"test", "jvmToolchain", "testOptions {",
    ].contains { line.hasPrefix($0) } && !line.has("=")
  }

  private static let targetCommands = [
    "find_package(", "include(GoogleTest", "include(Catch", "include(CTest", "include(doctest",
    "enable_testing()",
    "set(CMAKE_CXX_STANDARD", "set(CMAKE_C_STANDARD", "target_include_directories(",
    "target_compile_features(",
    "gtest_discover_tests(", "catch_discover_tests(", "doctest_discover_tests(", "FetchContent_", "project(",
    "option(BUILD_TESTING", "if(BUILD_TESTING", "cmake_minimum_required(", "target_link_libraries(",
  ]

  func isHarmlessTarget(_ line: Substring) -> Bool {
    if ["WILL_FAIL", "DISABLED", "FILTER", "filter", "NDEBUG", "EXCLUDE", "TEST_SPEC", "~", "SKIP"].contains(
      where: {
        line.has($0)
      })
    {
      return false
    }
    if line.hasPrefix("target_link_libraries(") {
      // A main function of its own may say that all is well.
      let main = ["gtest_main", "WithMain", "gmock_main"]
      return main.contains { line.has($0) } || !gone.contains { text in main.contains { text.contains($0) } }
    }
    let places = ["google/googletest", "catchorg/Catch2", "doctest/doctest"].map {
      "https://github.com/" + $0
    }
    if line.hasPrefix("FetchContent_Declare("), line.has(" URL ") || line.has(" GIT_REPOSITORY ") {
      return places.contains { line.has(" " + $0) }
    }
    if LineJudge.targetCommands.contains(where: { line.hasPrefix($0) }) { return true }
    if line.hasPrefix("add_test("), !sources(line).isEmpty { return false }
    if line.hasPrefix("add_test(") { return isNewTest(line) }
    guard line.hasPrefix("add_executable(") || line.hasPrefix("add_library(") else { return false }
    let named = sources(line)
    return isMadeOfAll(line) && namesNewTests
      && named.allSatisfy { name in
        judge.change.paths.contains { path in
          guard let new = path.newPath, new != path.oldPath else { return false }
          return new.hasSuffix(name)
        } || gone.contains { $0.contains(name) }
      }
  }

  /// Whether each file of tests that comes is named by the build file, be it by a pattern.
  private var namesNewTests: Bool {
    let texts = new.joined(separator: "\n")
    return texts.contains("GLOB")
      || judge.change.paths.allSatisfy { path in
        guard let name = path.newPath.map(TestPath.init), path.newPath != path.oldPath,
          !sources(name.path[...]).isEmpty, CTests().isTestPath(name)
        else { return true }
        return texts.contains(name.name)
          || judge.change.paths.contains { $0.path != self.path.path && $0.path.hasSuffix("CMakeLists.txt") }
      }
  }

  /// Whether a target still has all its sources that are there.
  private func isMadeOfAll(_ line: Substring) -> Bool {
    let head = line.split { " )".contains($0) }.first ?? line
    let before = gone.filter { $0.split { " )".contains($0) }.first == head }.flatMap { sources($0[...]) }
    let now = Set(came.flatMap { sources($0[...]) })
    return before.allSatisfy { name in
      now.contains(name)
        || judge.change.paths.contains { $0.oldPath?.hasSuffix(name) == true && $0.newPath != $0.oldPath }
        || judge.change.paths.contains { $0.kind == .deleted && $0.path.hasSuffix(name) }
    }
  }

  /// `add_test(NAME format_test COMMAND format_test)` for a program that comes new.
  private func isNewTest(_ line: Substring) -> Bool {
    let words = (line.after("(")?.before(")") ?? "").split(separator: " ")
    let made = came.compactMap { $0[...].dropping("add_executable(")?.split { " )".contains($0) }.first }
    return words.count == 4 && words[0] == "NAME" && words[2] == "COMMAND" && made.contains(words[3])
  }

  private func sources(_ line: Substring) -> [String] {
    line.split { "() \t".contains($0) }.map(String.init).filter { word in
      [".cpp", ".cc", ".c", ".cxx"].contains { word.hasSuffix($0) }
    }
  }

  func isKeptTarget(_ line: Substring) -> Bool {
    if line.hasPrefix("enable_testing") || line.has("-Werror") {
      return new.contains { $0.hasPrefix("include(CTest") }
    }
    if line.hasPrefix("add_test(") {
      let words = Set(line.split { "() \t\"$<>:".contains($0) }.map(String.init))
      return came.contains { text in
        (text.contains("discover_tests(") || text.hasPrefix("add_test("))
          && text.split { "() \t\"$<>:".contains($0) }.contains { word in
            (words.contains(String(word)) || joined(words).contains(word)) && word != "NAME"
              && word != "COMMAND"
          }
      }
    }
    if line.hasPrefix("add_executable(") {
      let name = line.after("(")?.split { " )".contains($0) }.first
      return name.map { name in
        came.contains { $0.hasPrefix("add_executable(\(name)") } || !joined([String(name)]).isEmpty
      } ?? false
    }
    return !line.has("discover_tests(") || came.contains { $0.contains("discover_tests(") }
  }

  /// The programs that are made now of all that those of these names were made of, which are gone.
  private func joined(_ names: Set<String>) -> Set<Substring> {
    func name(_ text: String) -> Substring? {
      text[...].dropping("add_executable(")?.split { " )".contains($0) }.first
    }
    let needed = gone.filter { text in name(text).map { names.contains(String($0)) } ?? false }.flatMap {
      sources($0[...])
    }
    guard !needed.isEmpty else { return [] }
    return Set(
      came.compactMap { text in
        Set(needed).isSubset(of: sources(text[...])) ? name(text) : nil
      })
  }

  func isHarmlessManifest(_ line: Substring) -> Bool {
    let keys: Set = [
      "members", "resolver", "default-members", "lto", "opt-level", "debug", "codegen-units", "strip", "name",
      "crate-type", "default", "edition", "rust-version", "license", "incremental", "required_version",
    ]
    if line.hasPrefix("[") {
      return !line.hasPrefix("[[test") && !line.hasPrefix("[patch") && !line.hasPrefix("[replace")
    }
    if line.hasPrefix("\"") || line.trimmed == "]" { return !line.has("exclude") }
    guard let name = LineJudge.name(line) else { return false }
    if line.has("test = false") || line.has("harness") { return false }
    return keys.contains(String(name)) || line.has("workspace = true") || line.has("[]")
  }
}
