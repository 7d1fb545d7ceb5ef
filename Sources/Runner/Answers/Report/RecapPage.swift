import Migration
import Site
import System

/// The page: one file without anything from outside. Its head and its causes are plain HTML, so that they are
/// there without a script; the rest is drawn by `page.js`.
package struct RecapPage {
  let recap: MigrationRecap
  private let data: [UInt8]
  private let isLive: Bool
  private let isControlled: Bool

  /// Makes the page of a recap, with what was said in steps that need a person. A page that is live asks its
  /// own server for what is new.
  package init(
    _ recap: MigrationRecap, _ site: Site, isLive: Bool = false, isControlled: Bool = false
  ) {
    self.recap = recap
    self.isLive = isLive
    self.isControlled = isControlled
    data = PageData(recap: recap, words: recap.words(site)).bytes
  }

  private var report: MigrationReport { recap.report }

  /// The whole file.
  package var bytes: [UInt8] {
    let (style, script) = (PackageResources.page_css, PackageResources.page_js)
    // Only these two texts, by their digests: a title that holds a script or a style can do nothing.
    let policy =
      "default-src 'none'; style-src 'sha256-\(Base64.digest(of: style))'; "
      + "script-src 'sha256-\(Base64.digest(of: script))'; img-src data:; base-uri 'none'; form-action 'none'"
      + (isLive ? "; connect-src 'self'" : "")
    var page = Array(head(policy).utf8)
    page += style
    page += Array("</style></head>\n<body>\n\(symbols)\n\(bar)\n<main>\n\(hero)\n\(counts)\n".utf8)
    page += Array(
      "<div class=grid><div>\n\(needs)\(causes)\(numbers)</div><div>\n\(sideCards)</div></div>\n".utf8)
    page += Array("\(graphCard)\(list)</main>\n\(foot)\n<dialog id=dlg aria-labelledby=dt>".utf8)
    page += Array("<div class=in id=in></div></dialog>\n<script type=application/json id=data>".utf8)
    page += data
    page += Array("</script>\n<script>".utf8)
    page += script
    page += Array("</script>\n</body></html>\n".utf8)
    return page
  }

  // MARK: Pieces

  /// A foreign text as HTML that shows exactly that.
  private func html(_ text: String) -> String {
    var result = ""
    for scalar in TerminalText.sanitized(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private func head(_ policy: String) -> String {
    let blocked = report.count(.blocked)
    let title =
      (blocked > 0 ? "\(blocked) need you · " : "")
      + "\(report.name) · \(done)/\(report.steps.count)"
    let colour =
      sign == "blocked" ? "c8321f" : sign == "merged" ? "1f9d78" : sign == "rest" ? "d9971a" : "2f6fd0"
    return """
      <!doctype html><html lang=en\(isLive ? " data-live=\(recap.sequence)" : "")\
      \(isControlled ? " data-control" : "")><head><meta charset=utf-8>
      <meta http-equiv=Content-Security-Policy content="\(policy)">
      <meta name=viewport content="width=device-width,initial-scale=1">
      <meta name=referrer content=no-referrer><meta name=robots content=noindex>
      <title>\(html(title))</title>
      <link rel=icon href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 12 12'\
      %3E%3Ccircle cx='6' cy='6' r='6' fill='%23\(colour)'/%3E%3C/svg%3E">
      <style>
      """
  }

  private var done: Int { report.steps.count { $0.word.isDone } }

  /// The sign of the state that dominates.
  private var sign: String {
    switch report.standing {
    case .waits, .untrusted: "blocked"
    case .paused, .rests: "rest"
    case .running: "work"
    case .idle: "ready"
    case .done, .finished: "merged"
    case .aborted: "skip"
    }
  }

  private func glyph(_ name: String, size: Int = 12) -> String {
    let place = size == 12 ? "class=g" : "width=\(size) height=\(size) viewBox=\"0 0 12 12\""
    return "<svg \(place) aria-hidden=true><use href=\"#g-\(name)\"/></svg>"
  }

  private func command(_ text: String) -> String {
    "<span class=cmd><code>\(html(text))</code>"
      + "<button type=button data-copy=\"\(html(text))\">Copy</button></span>"
  }

  /// Buttons of a page by which something can be done; nothing on another.
  private func button(_ words: String, _ act: String) -> String {
    isControlled ? "<button type=button class=tool data-act=\"\(html(act))\">\(words)</button>" : ""
  }

  private var steering: String {
    switch report.standing {
    case .paused: button("Resume", "resume")
    case .running, .waits, .rests, .idle, .untrusted: button("Pause", "pause")
    case .aborted, .finished, .done: ""
    }
  }

  private var bar: String {
    """
    <header class=bar><a class=skiplink href="#steps">To the list of steps</a>\
    <div><b>\(html(report.name))</b>\
    <span class="mono opt">→ \(html(report.into))</span><span class=sp></span>\
    <span id=steer>\(steering)</span>\
    <small id=entry>\(isLive ? "<b class=live>●</b> " : "")entry \(recap.sequence)<span class=opt> · \
    \((recap.chronicle.last ?? recap.now).utc)</span></small>\
    <button class=tool id=theme aria-label="Light or dark">◐</button></div></header>
    """
  }

  private var hero: String {
    let next = report.nextAction
    let action = next.flatMap(\.command).map { text in
      let why = next?.name.map { "\($0) stands in the way of most" } ?? ""
      return "<div class=next>\(command(text))<small>\(html(why))</small></div>"
    }
    return """
      <div class=hero id=said><div><h1>\(glyph(sign, size: 30))\(report.standing.title)</h1>\
      <p>\(html(report.sentence))</p></div><div><div class=pct id=pct>\(done)\
      <span> / \(report.steps.count)</span></div><small>done</small></div>\(action ?? "")</div>
      <div class=hero id=past hidden><h2></h2><div class=next>\
      <button class="chip t" id=back>Back to now</button></div></div>
      """
  }

  /// The groups of states that are shown, in their order, each with its words.
  private static let groups: [(sign: String, word: String, states: [StepWord])] = [
    ("merged", "merged", [.merged]), ("work", "at work", [.leased, .submitted, .gating, .merging]),
    ("ready", "ready", [.ready]), ("waiting", "waiting", [.waiting]), ("held", "held", []),
    ("rest", "resting", [.backoff]), ("blocked", "blocked", [.blocked, .person, .proposed]),
    ("skip", "skipped", [.skipped, .cancelled, .undone]),
  ]

  private var counts: String {
    let held = report.held
    var (bars, keys, words) = ("", "", [String]())
    var left = 0.0
    let total = Double(max(1, report.steps.count))
    for group in RecapPage.groups {
      var count = group.states.reduce(0) { $0 + report.count($1) }
      if group.sign == "held" { count = held }
      if group.sign == "waiting" { count -= held }
      guard count > 0 else { continue }
      let width = Double(count) / total * 1000
      bars += "<rect class=f-\(group.sign) x=\(Int(left + 1)) width=\(max(3, Int(width) - 2)) height=14 />"
      left += width
      keys += "<li><span>\(glyph(group.sign))<b>\(count)</b> \(group.word)</span>"
      words.append("\(count) \(group.word)")
    }
    return """
      <svg class=seg id=seg role=img viewBox="0 0 1000 14" preserveAspectRatio=none \
      aria-label="\(words.joined(separator: ", "))">\(bars)</svg><ul class=keys id=keys>\(keys)</ul>
      """
  }

  private var needs: String {
    let others = report.needs.filter { $0.code != .blocked && $0.code != .done && $0.code != .idle }
    if others.isEmpty { return "" }
    let rows = others.map { need in
      "<li><p>\(html(need.text { $0.utc }))</p>\(need.command.map(command) ?? "")"
    }
    return """
      <section class=card aria-labelledby=hw><header><h2 id=hw>Needs you</h2></header>\
      <ul class=needs>\(rows.joined())</ul></section>

      """
  }

  private func cause(_ cause: CauseOfFailures) -> String {
    let tag = cause.standing == .blocks ? "blocked" : cause.standing == .retried ? "rest" : "merged"
    let holds = cause.holds > 0 ? "<br><small>holds \(cause.holds)</small>" : ""
    let example = cause.example.details.joined(separator: "\n\n")
    let shown =
      example.utf8.count > 8192
      ? String(decoding: example.utf8.prefix(8192), as: UTF8.self) + "\n…" : example
    let pre = example.isEmpty || cause.standing == .overcome ? "" : "<pre tabindex=0>\(html(shown))</pre>"
    let chips = cause.steps.prefix(40).compactMap { id -> String? in
      recap.state.index(of: id).map { "<button class=chip data-step=\($0)>\(html(id))</button>" }
    }
    let more = cause.steps.count > 40 ? " and \(cause.steps.count - 40) more" : ""
    let todo = cause.standing == .blocks ? report.needs.first { $0.name == cause.name }?.command : nil
    return """
      <details class=c><summary><b class=mono>\(cause.name)</b><span class=ct><span class="tag \(tag)">\
      \(cause.standing.rawValue)</span> \(html(String(cause.words.prefix(400))))</span><span>\
      \(Count.of(cause.steps.count, "step"))\(holds)</span><span class="hc mut">\(cause.attempts)</span>\
      <span class="hc mut">\(cause.cost > 0 ? Money.text(cause.cost) : "")</span></summary><div class=body>\
      \(pre)<div class=chips>\(chips.joined())\(more)</div>\(todo.map(command) ?? "")\
      \(cause.standing == .blocks ? button("Retry all", "retry-cause/\(cause.name)") : "")</div></details>
      """
  }

  private var failedAttempts: Int { recap.chronicle.changes.count { $0.failure != nil } }

  private var attempts: Int { recap.chronicle.changes.count { $0.word == .leased } }

  private var causes: String {
    if recap.causes.isEmpty { return "" }
    let shown = recap.causes.prefix(50)
    let more = recap.causes.count - shown.count
    return """
      <section class=card aria-labelledby=hc><header><h2 id=hc>What stands in the way</h2>\
      <span class=sp></span>\
      <small>\(failedAttempts) failed of \(Count.of(attempts, "attempt")) in \
      \(Count.of(recap.causes.count, "cause"))</small></header>\
      <div class=chead aria-hidden=true><span></span>\
      <span>cause</span><span>steps</span><span class=hc>attempts</span><span class=hc>cost</span></div>\
      \(shown.map(cause).joined(separator: "\n"))\
      \(more > 0 ? "<p class=mut>and \(more) more</p>" : "")</section>

      """
  }

  private var numbers: String {
    let failedCost = recap.causes.reduce(0) { $0 + $1.cost }
    let cost = report.used.amounts.microdollars
    let merged = max(1, report.count(.merged))
    let tenths = recap.chronicle.gates * 10 / merged
    var facts = [
      ("Attempts", "\(attempts)", "\(failedAttempts) failed"),
      ("Gate runs", "\(recap.chronicle.gates)", "\(tenths / 10).\(tenths % 10) a merged step"),
    ]
    if let started = recap.chronicle.started, let last = recap.chronicle.last {
      facts.append(
        ("Time", SpanText.words(from: started, to: last), report.pace.map { "\($0.rate) lately" } ?? ""))
    }
    facts.append(("Cost", Money.text(cost), failedCost > 0 ? "\(Money.text(failedCost)) of it failed" : ""))
    if let tally = recap.tally, recap.since != nil {
      let failed = Count.of(tally.failed, "failed attempt")
      facts.append(("Since \(tally.since.utc.prefix(16))", "\(tally.merged) merged", failed))
    }
    let rows = facts.map {
      "<div><dt>\(html($0.0))</dt><dd>\(html($0.1))<small class=mut>\(html($0.2))</small></dd></div>"
    }
    return """
      <section class=card aria-labelledby=hn><header><h2 id=hn>In numbers</h2></header>\
      <dl class=facts>\(rows.joined())</dl></section>
      """
  }
}
