// SPDX-License-Identifier: Apache-2.0
#include <cctype>

#include "base/text.h"
#include "cli/options.h"
#include "cli/template_node.h"

namespace hoist::cli {
namespace {

using Node = Template::Node;

struct Token {
    enum class Kind { text, open, close, word, field, variable, string, number, symbol, end } kind = Kind::end;
    std::string text;
    bool glued = false;  ///< no blank lies before it: ".a.b" is one operand, ".a .b" are two
};

bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

/// Cuts a template into text and the words of its actions.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    Token next() {
        if (!inside_) return text_before_action();
        const auto before = at_;
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
        if (at_ >= text_.size()) fail_here("an action is not closed: }} is missing");
        if (const std::size_t size = closing(); size > 0) return close(size);
        const bool glued = at_ == before;
        Token token = inside();
        token.glued = glued;
        return token;
    }

    [[noreturn]] void fail_here(const std::string& what) const {
        throw UsageError(
            fmt::format("--format: {}, at character {} of '{}'", what, at_ + 1, escape_for_terminal(text_)));
    }

private:
    Token text_before_action() {
        if (at_ >= text_.size()) return {Token::Kind::end, ""};
        auto open = text_.find("{{", at_);
        if (open == at_) return begin_action();
        if (open == std::string_view::npos) open = text_.size();
        std::string piece(text_.substr(at_, open - at_));
        at_ = open;
        if (std::exchange(trim_next_, false)) piece.erase(0, piece.find_first_not_of(" \t\r\n"));
        if (text_.substr(at_, 3) == "{{-") piece.erase(piece.find_last_not_of(" \t\r\n") + 1);
        return {Token::Kind::text, piece};
    }

    Token begin_action() {
        at_ += 2;
        trim_next_ = false;
        if (text_.substr(at_, 2) == "- ") at_ += 2;
        if (text_.substr(at_, 2) == "/*") {
            const auto end = text_.find("*/", at_);
            if (end == std::string_view::npos) fail_here("a comment is not closed");
            at_ = end + 2;
        }
        inside_ = true;
        return {Token::Kind::open, "{{"};
    }

    std::size_t closing() const {
        if (text_.substr(at_, 3) == "-}}") return 3;
        return text_.substr(at_, 2) == "}}" ? 2 : 0;
    }

    Token close(std::size_t size) {
        at_ += size;
        inside_ = false;
        trim_next_ = size == 3;
        return {Token::Kind::close, "}}"};
    }

    Token inside() {
        const char c = text_[at_];
        if (c == '"' || c == '`' || c == '\'') return quoted(c);
        if (c == '.' && at_ + 1 < text_.size() && is_name(text_[at_ + 1])) return {Token::Kind::field, name_after(1)};
        if (c == '$') return {Token::Kind::variable, name_after(0)};
        if (std::isdigit(static_cast<unsigned char>(c)) ||
            (c == '-' && at_ + 1 < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_ + 1]))))
            return number();
        if (is_name(c)) return {Token::Kind::word, name_after(0)};
        if (text_.substr(at_, 2) == ":=") return at_ += 2, Token{Token::Kind::symbol, ":="};
        if (std::string_view(".|(),=").find(c) != std::string_view::npos)
            return ++at_, Token{Token::Kind::symbol, std::string(1, c)};
        fail_here(fmt::format("'{}' is not understood", escape_for_terminal(std::string(1, c))));
    }

    std::string name_after(std::size_t skipped) {
        const auto begin = at_ += skipped;
        if (text_[at_] == '$') ++at_;
        while (at_ < text_.size() && is_name(text_[at_])) ++at_;
        return std::string(text_.substr(begin, at_ - begin));
    }

    Token number() {
        const auto begin = at_++;
        while (at_ < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '.')) ++at_;
        return {Token::Kind::number, std::string(text_.substr(begin, at_ - begin))};
    }

    Token quoted(char quote) {
        std::string value;
        for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
            if (text_[at_] != '\\' || quote == '`') {
                value += text_[at_];
                continue;
            }
            const char escaped = ++at_ < text_.size() ? text_[at_] : '\\';
            value += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped == 'r' ? '\r' : escaped;
        }
        if (at_ >= text_.size()) fail_here("a string is not closed");
        ++at_;
        return {Token::Kind::string, value};
    }

    std::string_view text_;
    std::size_t at_ = 0;
    bool inside_ = false, trim_next_ = false;
};

class Parser {
public:
    explicit Parser(std::string_view text) : scanner_(text) { advance(); }

    Node parse() {
        Node root;
        root.body = list();
        if (token_.kind != Token::Kind::end) scanner_.fail_here("{{end}} or {{else}} without a beginning");
        return root;
    }

private:
    void advance() { token_ = scanner_.next(); }
    bool is(Token::Kind kind, std::string_view text) const { return token_.kind == kind && token_.text == text; }
    void expect_close() {
        if (token_.kind != Token::Kind::close) scanner_.fail_here("}} was expected");
        advance();
    }

    /// Up to the end of the text, or to an {{end}} or {{else}}, whose word is then the current token.
    std::vector<Node> list() {
        std::vector<Node> nodes;
        for (;;) {
            if (token_.kind == Token::Kind::end) return nodes;
            if (token_.kind == Token::Kind::text) {
                nodes.push_back({.kind = Node::Kind::text, .text = token_.text});
                advance();
                continue;
            }
            advance();  // {{
            if (is(Token::Kind::word, "end") || is(Token::Kind::word, "else")) return nodes;
            if (token_.kind == Token::Kind::close)
                advance();  // it was a comment
            else
                nodes.push_back(action());
        }
    }

    Node action() {
        for (const auto& [word, kind] :
             {std::pair{"if", Node::Kind::condition}, {"range", Node::Kind::range}, {"with", Node::Kind::with}}) {
            if (!is(Token::Kind::word, word)) continue;
            advance();
            return block(kind);
        }
        Node node{.kind = Node::Kind::action, .pipeline = pipeline()};
        expect_close();
        return node;
    }

    Node block(Node::Kind kind) {
        Node node{.kind = kind, .pipeline = pipeline()};
        expect_close();
        node.body = list();
        if (is(Token::Kind::word, "else")) {
            advance();
            if (is(Token::Kind::word, "if")) {
                advance();
                node.otherwise.push_back(block(Node::Kind::condition));  // takes the one {{end}} of both
                return node;
            }
            expect_close();
            node.otherwise = list();
        }
        if (!is(Token::Kind::word, "end")) scanner_.fail_here("{{end}} is missing");
        advance();
        expect_close();
        return node;
    }

    Pipeline pipeline() {
        Pipeline made;
        if (token_.kind == Token::Kind::variable) {
            Operand first = operand();
            made.variables.push_back(first.name);
            if (is(Token::Kind::symbol, ",")) {
                advance();
                made.variables.push_back(operand().name);
            }
            if (is(Token::Kind::symbol, ":=") || is(Token::Kind::symbol, "=")) {
                made.declares = token_.text == ":=";
                advance();
            } else {
                made.variables.clear();
                made.commands.emplace_back().push_back(std::move(first));
                more_operands(made.commands.back());
            }
        }
        if (made.commands.empty()) more_operands(made.commands.emplace_back());
        while (is(Token::Kind::symbol, "|")) {
            advance();
            more_operands(made.commands.emplace_back());
        }
        if (made.commands.back().empty()) scanner_.fail_here("a value is missing");
        return made;
    }

    void more_operands(std::vector<Operand>& command) {
        while (token_.kind != Token::Kind::close && !is(Token::Kind::symbol, "|") && !is(Token::Kind::symbol, ")"))
            command.push_back(operand());
    }

    Operand operand() {
        Operand made;
        const Token token = token_;
        advance();
        switch (token.kind) {
            case Token::Kind::field:
                made.fields.push_back(token.text);
                break;
            case Token::Kind::string:
                made.kind = Operand::Kind::constant;
                made.constant = token.text;
                break;
            case Token::Kind::number:
                made.kind = Operand::Kind::constant;
                made.constant = token.text.find('.') == std::string::npos ? Json(std::stoll(token.text))
                                                                          : Json(std::stod(token.text));
                break;
            case Token::Kind::variable:
                made.kind = Operand::Kind::variable;
                made.name = token.text;
                break;
            case Token::Kind::word:
                word(made, token.text);
                break;
            default:
                symbol(made, token.text);
        }
        return fields(std::move(made));
    }

    static void word(Operand& made, const std::string& text) {
        made.kind = Operand::Kind::constant;
        if (text == "true" || text == "false") made.constant = text == "true";
        if (text == "true" || text == "false" || text == "nil") return;
        made.kind = Operand::Kind::function;
        made.name = text;
    }

    void symbol(Operand& made, const std::string& text) {
        if (text == ".") return;
        if (text != "(") scanner_.fail_here(fmt::format("'{}' is not expected here", escape_for_terminal(text)));
        made.kind = Operand::Kind::parenthesis;
        made.inner = std::make_shared<Pipeline>(pipeline());
        if (!is(Token::Kind::symbol, ")")) scanner_.fail_here("a parenthesis is not closed");
        advance();
    }

    Operand fields(Operand made) {
        while (token_.kind == Token::Kind::field && token_.glued) {
            made.fields.push_back(token_.text);
            advance();
        }
        return made;
    }

    Scanner scanner_;
    Token token_;
};

}  // namespace

Template::Node parse_template(std::string_view text) {
    return Parser(text).parse();
}

}  // namespace hoist::cli
