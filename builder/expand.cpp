// SPDX-License-Identifier: Apache-2.0
#include "builder/expand.h"

#include "base/error.h"
#include "builder/glob.h"
#include "builder/words.h"

namespace hoist::builder {
namespace {

/// What expanding writes, as one text and as words.
class Output {
public:
    /// A letter that was written: a blank separates.
    void letter(char c) {
        text_ += c;
        if (is_blank(c)) return end_word();
        word_ += c;
        inside_ = true;
    }
    /// A letter that was quoted or escaped.
    void quoted(char c) {
        text_ += c;
        word_ += c;
        inside_ = true;
    }
    void quoted(std::string_view text) {
        text_ += text;
        word_ += text;
        inside_ = true;
    }
    void value(std::string_view text) {
        for (const char c : text) letter(c);
    }
    void begin_quote() { inside_ = true; }
    const std::string& text() const { return text_; }
    std::vector<std::string> words() {
        end_word();
        return std::move(words_);
    }

private:
    void end_word() {
        if (inside_) words_.push_back(std::exchange(word_, {}));
        inside_ = false;
    }
    std::string text_, word_;
    std::vector<std::string> words_;
    bool inside_ = false;
};

bool is_letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

constexpr int deepest_braces = 64;

class Expander {
public:
    Expander(std::string_view text, const Lookup& lookup, const ExpandOptions& options)
        : text_(text), lookup_(lookup), options_(options) {}

    Output run() {
        read_until(0);
        return std::move(out_);
    }

private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool at_end() const { return at_ >= text_.size(); }

    /// Reads up to `stop` (left unread), or to the end if it is 0.
    void read_until(char stop) {
        while (!at_end()) {
            const char c = text_[at_];
            if (c == stop && stop != 0) return;
            if (c == '\'' && !options_.raw_quotes) {
                single_quoted();
            } else if (c == '"' && !options_.raw_quotes) {
                double_quoted();
            } else if (c == '$') {
                ++at_;
                out_.value(dollar());
            } else if (c == options_.escape) {
                escaped();
            } else {
                ++at_;
                out_.letter(c);
            }
        }
        if (stop != 0) fail(Kind::invalid, "a ${{ is not closed by }}");
    }

    void escaped() {
        ++at_;
        if (options_.raw_quotes) {
            // In a document only what would begin a variable can be escaped.
            if (peek() != '$' && peek() != options_.escape) return out_.quoted(options_.escape);
        }
        if (!at_end()) out_.quoted(text_[at_++]);
    }

    void single_quoted() {
        const auto end = text_.find('\'', at_ + 1);
        if (end == std::string_view::npos) fail(Kind::invalid, "a ' is not closed");
        out_.begin_quote();
        out_.quoted(text_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
    }

    void double_quoted() {
        ++at_;
        out_.begin_quote();
        for (;;) {
            if (at_end()) fail(Kind::invalid, "a \" is not closed");
            const char c = text_[at_++];
            if (c == '"') return;
            if (c == '$') {
                out_.quoted(dollar());
            } else if (c == options_.escape) {
                if (at_end()) fail(Kind::invalid, "a \" is not closed");
                const char next = text_[at_];
                if (next != '"' && next != '$' && next != options_.escape) out_.quoted(c);
                out_.quoted(next);
                ++at_;
            } else {
                out_.quoted(c);
            }
        }
    }

    /// After the "$".
    std::string dollar() {
        if (peek() != '{') {
            const auto name = read_name();
            return name.empty() ? "$" : lookup_(name).value_or("");
        }
        ++at_;
        const auto name = read_name();
        if (name.empty()) fail(Kind::invalid, "no name follows ${{");
        const auto value = lookup_(name);
        if (at_end()) fail(Kind::invalid, "${{{} is not closed by }}", name);
        const char modifier = text_[at_++];
        switch (modifier) {
            case '}':
                return value.value_or("");
            case ':':
                return conditional(name, value && !value->empty(), value, at_end() ? '\0' : text_[at_++]);
            case '-':
            case '+':
            case '?':
                return conditional(name, value.has_value(), value, modifier);
            case '#':
            case '%':
                return stripped(value.value_or(""), modifier);
            case '/':
                return replaced(value.value_or(""));
            default:
                fail(Kind::invalid, "${{{}{}...}}: there is no such modifier", name, modifier);
        }
    }

    std::string read_name() {
        const auto begin = at_;
        if (is_letter(peek())) {
            while (is_letter(peek()) || is_digit(peek())) ++at_;
        } else if (is_digit(peek())) {
            while (is_digit(peek())) ++at_;
        } else if (!at_end() && std::string_view("@*#?-$!").find(peek()) != std::string_view::npos) {
            ++at_;
        }
        return std::string(text_.substr(begin, at_ - begin));
    }

    std::string conditional(const std::string& name, bool given, const std::optional<std::string>& value,
                            char modifier) {
        const auto word = read_word('}', false);
        switch (modifier) {
            case '-':
                return given ? *value : word;
            case '+':
                return given ? word : "";
            case '?':
                if (given) return *value;
                fail(Kind::invalid, "{}: {}", name, word.empty() ? "it must be set" : word);
            default:
                fail(Kind::invalid, "${{{}:...}}: after the colon comes -, + or ?", name);
        }
    }

    /// The text up to `stop`, expanded; `raw` keeps escapes for the pattern.
    std::string read_word(char stop, bool raw) {
        if (++depth_ > deepest_braces) fail(Kind::invalid, "variables are nested deeper than {}", deepest_braces);
        Output outer = std::exchange(out_, {});
        if (raw)
            read_pattern(stop);
        else
            read_until(stop);
        ++at_;  // the stop
        std::swap(outer, out_);
        --depth_;
        return outer.text();
    }

    void read_pattern(char stop) {
        while (!at_end() && text_[at_] != stop) {
            const char c = text_[at_++];
            if (c == '$') {
                out_.value(dollar());
            } else {
                out_.quoted(c);
                if (c == options_.escape && !at_end()) out_.quoted(text_[at_++]);
            }
        }
        if (at_end()) fail(Kind::invalid, "a ${{ is not closed by }}");
    }

    std::string stripped(const std::string& value, char modifier) {
        const bool longest = peek() == modifier;
        if (longest) ++at_;
        const auto pattern = read_word('}', true);
        bound(value, pattern);
        const std::string_view text = value;
        const auto lengths = matching_lengths(pattern, text);
        for (std::size_t step = 0; step <= text.size(); ++step) {
            const auto length = longest ? text.size() - step : step;
            if (modifier == '#' && lengths[length]) return value.substr(length);
            const auto start = text.size() - length;
            if (modifier == '%' && matching_lengths(pattern, text.substr(start))[length]) return value.substr(0, start);
        }
        return value;
    }

    std::string replaced(const std::string& value) {
        const bool all = peek() == '/';
        if (all) ++at_;
        const auto pattern = read_word('/', true);
        const auto with = read_word('}', false);
        bound(value, pattern);
        std::string made;
        for (std::size_t at = 0; at < value.size();) {
            const auto lengths = matching_lengths(pattern, std::string_view(value).substr(at));
            std::size_t length = lengths.size() - 1;
            while (length > 0 && !lengths[length]) --length;
            if (length == 0) {
                made += value[at++];
                continue;
            }
            made += with;
            at += length;
            if (!all) return made + value.substr(at);
        }
        return made;
    }

    /// The work grows with the square of the value.
    static void bound(const std::string& value, const std::string& pattern) {
        if (value.size() > 8192 || pattern.size() > 256)
            fail(Kind::invalid, "the value or the pattern is too long to be matched");
    }

    std::string_view text_;
    std::size_t at_ = 0;
    const Lookup& lookup_;
    const ExpandOptions& options_;
    Output out_;
    int depth_ = 0;
};

}  // namespace

std::string expand(std::string_view word, const Lookup& lookup, const ExpandOptions& options) {
    return Expander(word, lookup, options).run().text();
}

std::vector<std::string> expand_words(std::string_view text, const Lookup& lookup, const ExpandOptions& options) {
    return Expander(text, lookup, options).run().words();
}

}  // namespace hoist::builder
