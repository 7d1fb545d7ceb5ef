import Migration
import Testing

@Suite("Queries of repositories")
struct ForgeQueryTests {
  @Test func `words in any order say what is meant`() throws {
    let query = try ForgeQuery(
      " topic:Java  org:shop/core host:Git.Example.org:8443 language:Kotlin topic:web")
    #expect(query.owner == "shop/core" && query.host == "git.example.org:8443")
    #expect(query.topics == ["java", "web"] && query.language == "kotlin")
    #expect(!query.takesForks && !query.usesSSH)
    let other = try ForgeQuery("user:ann fork:true url:ssh")
    #expect(other.owner == "ann" && other.host == nil && other.takesForks && other.usesSSH)
  }

  @Test(arguments: [
    ("", "names no owner"), ("topic:java", "names no owner"), ("org:a org:b", "two owners"),
    ("org:", "has no value"), ("shop", "is no 'key:value'"), ("org:a/../b", "no name of an owner"),
    ("org:a%2F", "no name of an owner"), ("org:a stars:9", "no word of a query"),
    ("org:a fork:yes", "'true' or 'false'"), ("org:a host:x/y", "is no host"),
    ("org:a url:file", "'https' or"),
  ]) func `what is no query is refused in words`(_ text: String, _ words: String) {
    let fault = #expect(throws: ForgeQuery.Fault.self) { try ForgeQuery(text) }
    #expect(fault?.description.contains(words) == true, "\(fault?.description ?? "")")
  }
}
