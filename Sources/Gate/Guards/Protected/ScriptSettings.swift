/// Settings of runners of JavaScript, and what makes ready for them.
extension LineJudge {
  private static let members: Set = [
    "testenvironment", "environment", "globals", "transform", "preset", "timeout", "testtimeout",
    "clearmocks", "restoremocks", "resetmocks", "cachedirectory", "colors", "verbose",
    "extensionstoretreatasesm",
    "modulefileextensions", "color", "test", "plugins", "ui", "parallel", "jobs", "slow", "extension", "css",
    "coverage", "provider", "recursive", "check-leaks", "forbidonly", "forbidpending", "jest", "vitest",
    "mocha", "scripts", "maxworkers", "hooktimeout", "diff", "node-option", "collectcoverage",
    "coveragedirectory",
    "pool", "retry_delay", "displayname", "projects_root", "testrunner_options", "full-trace", "exit",
  ]

  func isHarmlessMember(_ line: Substring) -> Bool {
    let words = ["gnore", "exclude", "grep", "invert", "NoTests", "mapper", "Mapper", "allowOnly", "failing"]
    if words.contains(where: { line.has($0) }) { return false }
    var text = line.trimmed
    if ["export default config", "module.exports = config"].contains(text) { return true }
    for start in ["export default ", "module.exports = "] { text = text.dropping(start) ?? text }
    for call in ["defineConfig(", "defineProject("] { text = text.dropping(call) ?? text }
    if text.hasPrefix("const "), text.hasSuffix("= {") || text == "export default config" { return true }
    if text.hasPrefix("import ") || text.hasPrefix("const ") {
      return !text.has("'./") && !text.has("\"./") && !text.has("'../") && !text.has("\"../")
        && (text.has("from ") || text.has("require("))
    }
    if text.allSatisfy({ "{}[](),;".contains($0) || $0 == " " }) { return true }
    return entries(text).allSatisfy { name, value in
      switch name {
      case "thresholds", "coveragethreshold", "threshold", "global": return value.isEmpty
      case "lines", "branches", "functions", "statements": return isNoLower(name, value)
      case "outputfile", "junit", "json", "html": return !value.has("..") && !value.hasPrefix("\"/")
      case "reporter", "reporters": return !value.has("./") && !value.has("/")
      case "retries", "retry": return value.filter { !" ,})".contains($0) } == "0"
      case "spec", "include", "testmatch", "testregex", "roots":
        return findsAll(value) || MovedSettings(judge.change).stoodInJavaScript(value)
      case "setupfiles", "setupfilesafterenv", "globalsetup", "require", "import", "file":
        return !value.has("./") && !value.has("<rootDir>")
          || MovedSettings(judge.change).stoodInJavaScript(value) || isOfNewSetUps(value)
      case "^.+\\\\.tsx?$", "^.+\\\\.(t|j)sx?$": return !value.has("./")
      default: return LineJudge.members.contains(name)
      }
    }
  }

  /// `{ test: { environment: 'jsdom', globals: true } }` as its entries.
  private func entries(_ text: Substring) -> [(String, Substring)] {
    var found: [(String, Substring)] = []
    var depth = 0
    var start = text.startIndex
    func take(_ part: Substring) {
      var rest = part.trimmed
      while let first = rest.first, "{ ,".contains(first) { rest = rest.dropFirst().trimmed }
      while let last = rest.last, "}); ".contains(last) { rest = rest.dropLast().trimmed }
      guard !rest.isEmpty else { return }
      guard let key = rest.before(":") else {
        // An item of a list.
        found.append((found.last?.0 ?? ownerOfItem(text), rest))
        return
      }
      let name = bare(key.trimmed).lowercased()
      let value = (rest.after(":") ?? "").trimmed
      if value.hasPrefix("{") {
        found.append((name, ""))
        take(value)
      } else {
        found.append((name, value))
      }
    }
    var position = start
    while position < text.endIndex {
      switch text[position] {
      case "[", "(": depth += 1
      case "]", ")": depth -= 1
      case "," where depth <= 0:
        take(text[start..<position])
        start = text.index(after: position)
      default: break
      }
      position = text.index(after: position)
    }
    take(text[start...])
    return found
  }

  /// Whether each path of a value is a file of set-up that comes with the change: each of its lines is judged
  /// by itself.
  private func isOfNewSetUps(_ value: Substring) -> Bool {
    let paths = value.split { " ,[]\"'`{}()".contains($0) }.map { word in
      word.dropping("<rootDir>/") ?? word.dropping("./") ?? word
    }
    let folder = path.folders.map { $0 + "/" }.joined()
    return !paths.isEmpty
      && paths.allSatisfy { name in
        judge.change.paths.contains { other in
          other.kind == .added && other.path == folder + name
            && ProtectedFileKind(TestPath(other.path)) == .setup
        }
      }
  }

  /// Whether as much of the code had to be measured before, wherever that was said.
  private func isNoLower(_ name: String, _ value: Substring) -> Bool {
    guard let number = Double(value.filter { $0.isNumber || $0 == "." }) else { return false }
    let before = judge.change.paths.compactMap { path -> String? in
      guard let name = path.oldPath, ProtectedFiles.scope(of: TestPath(name)) != nil else { return nil }
      return judge.change.oldText(name)
    }
    return before.contains { text in
      var rest = text[...]
      while let tail = rest.after(name) {
        rest = tail
        let sign = tail.drop { "\"' ".contains($0) }
        guard sign.hasPrefix(":") else { continue }
        let digits = sign.dropFirst().trimmed.prefix { $0.isNumber || $0 == "." }
        if let old = Double(digits), old <= number { return true }
      }
      return false
    }
  }

  private func ownerOfItem(_ line: Substring) -> String {
    guard let place = new.firstIndex(where: { $0[...] == line }) else { return "?" }
    for text in new[..<place].reversed() {
      if let name = LineJudge.name(text[...]) { return bare(name).lowercased() }
    }
    return "?"
  }

  func isHarmlessMocha(_ line: Substring) -> Bool {
    if line.hasPrefix("- ") {
      guard let place = new.firstIndex(of: String(line)),
        let owner = new[..<place].last(where: { !$0.hasPrefix("- ") })
      else { return false }
      return owner.hasPrefix("spec") && findsAll(line.dropFirst(2))
    }
    if line.has("spec:"), line.after("spec:")?.isEmpty == true { return true }
    return isHarmlessMember(line)
  }

  private static let setUps = [
    "cleanup", "restoreAllMocks", "clearAllMocks", "resetAllMocks", "resetHandlers", "listen(", "close(",
    "useRealTimers", "unstubAllGlobals", "unstubAllEnvs", "resetModules",
  ]

  /// What a file of set-up says when it only makes ready what is used: matchers of packages, what tidies up.
  func isHarmlessSetUp(_ line: Substring) -> Bool {
    if line.allSatisfy({ "{}[](),;".contains($0) || $0 == " " }) { return true }
    if line.hasPrefix("import ") || line.has("require(") {
      return !line.has("'./") && !line.has("\"./") && !line.has("'../") && !line.has("\"../")
    }
    if line.hasPrefix("expect.extend(") {
      return !line.has("{") && line.has("atchers") || line.has("toHaveNo")
    }
    let isHook = ["afterEach(", "beforeEach(", "afterAll(", "beforeAll("].contains { line.hasPrefix($0) }
    if isHook, line.hasSuffix("{") { return true }
    return LineJudge.setUps.contains { line.has($0) } && !line.has("expect") && !line.has("=>  {")
  }
}
