// SPDX-License-Identifier: Apache-2.0
#include "cli/template_functions.h"

#include <algorithm>
#include <functional>
#include <map>

#include "base/text.h"
#include "cli/options.h"
#include "wire/errors.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

using Values = std::vector<Json>;

const Json& argument(const Values& values, std::size_t index, const char* function) {
    if (index >= values.size()) throw UsageError(fmt::format("--format: {} needs more arguments", function));
    return values[index];
}

std::string text_argument(const Values& values, std::size_t index, const char* function) {
    return go_text(argument(values, index, function));
}

std::int64_t number_argument(const Values& values, std::size_t index, const char* function) {
    const Json& value = argument(values, index, function);
    if (!value.is_number()) throw UsageError(fmt::format("--format: {} needs a number", function));
    return value.get<std::int64_t>();
}

Json join_list(const Values& values) {
    const Json& list = argument(values, 0, "join");
    if (!list.is_array()) throw UsageError("--format: join needs a list");
    std::vector<std::string> words;
    for (const auto& one : list) words.push_back(go_text(one));
    return join(words, text_argument(values, 1, "join"));
}

Json split_text(const Values& values) {
    const std::string text = text_argument(values, 0, "split"), separator = text_argument(values, 1, "split");
    Json list = Json::array();
    if (separator.empty()) return Json::array({text});
    std::size_t at = 0;
    for (auto found = text.find(separator); found != std::string::npos; found = text.find(separator, at)) {
        list.push_back(text.substr(at, found - at));
        at = found + separator.size();
    }
    list.push_back(text.substr(at));
    return list;
}

Json change_case(const Values& values, int (*change)(int)) {
    std::string text = text_argument(values, 0, "a change of case");
    for (auto& letter : text) letter = static_cast<char>(change(static_cast<unsigned char>(letter)));
    return text;
}

Json title_case(const Values& values) {
    std::string text = text_argument(values, 0, "title");
    bool first = true;
    for (auto& letter : text) {
        if (first) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
        first = letter == ' ';
    }
    return text;
}

Json pad(const Values& values) {
    const auto count = [&](std::size_t index) {
        return static_cast<std::size_t>(std::clamp<std::int64_t>(number_argument(values, index, "pad"), 0, 1000));
    };
    const auto text = text_argument(values, 0, "pad");
    return text.empty() ? text : std::string(count(1), ' ') + text + std::string(count(2), ' ');
}

Json index(const Values& values) {
    Json value = argument(values, 0, "index");
    for (std::size_t i = 1; i < values.size(); ++i) {
        if (value.is_array() && values[i].is_number()) {
            const auto at = values[i].get<std::int64_t>();
            if (at < 0 || at >= std::ssize(value))
                throw UsageError(fmt::format("--format: index {} is out of range", at));
            value = Json(value[static_cast<std::size_t>(at)]);
        } else if (value.is_object()) {
            value = value.value(go_text(values[i]), Json());
        } else {
            throw UsageError("--format: index needs a list or a map");
        }
    }
    return value;
}

Json length(const Values& values) {
    const Json& value = argument(values, 0, "len");
    if (value.is_string()) return value.get<std::string>().size();
    if (value.is_structured() || value.is_null()) return value.size();
    throw UsageError("--format: len needs a text, a list or a map");
}

bool less(const Json& left, const Json& right) {
    return left.is_string() || right.is_string() ? go_text(left) < go_text(right) : left < right;
}

Json any_equal(const Values& values) {
    const Json& first = argument(values, 0, "eq");
    argument(values, 1, "eq");
    return std::any_of(values.begin() + 1, values.end(), [&](const Json& other) { return other == first; });
}

std::string with_width(std::string text, std::string_view flags) {
    const bool left = flags.starts_with('-'), zeros = flags.starts_with('0');
    if (left) flags.remove_prefix(1);
    const auto width = static_cast<std::size_t>(std::min(1000, std::atoi(std::string(flags).c_str())));
    if (text.size() >= width) return text;
    const std::string filling(width - text.size(), zeros ? '0' : ' ');
    return left ? text + filling : filling + text;
}

std::string conversion(char verb, std::string_view flags, const Json& value) {
    const auto point = flags.find('.');
    const auto precision =
        point == std::string_view::npos ? -1 : std::atoi(std::string(flags.substr(point + 1)).c_str());
    std::string text = go_text(value);
    if (verb == 'q') text = Json(text).dump();
    if (verb == 'x' && value.is_number_integer()) text = fmt::format("{:x}", value.get<std::int64_t>());
    if (verb == 'f' && value.is_number())
        text = fmt::format("{:.{}f}", value.get<double>(), precision < 0 ? 6 : precision);
    if (verb == 's' && precision >= 0) text = text.substr(0, static_cast<std::size_t>(precision));
    return with_width(std::move(text), flags.substr(0, point));
}

Json printf_values(const Values& values) {
    const std::string format = text_argument(values, 0, "printf");
    std::string text;
    std::size_t used = 1;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%') {
            text += format[i];
            continue;
        }
        const auto end = format.find_first_not_of("-+ 0123456789.", i + 1);
        if (end == std::string::npos) throw UsageError("--format: printf's text ends within a %");
        const std::string_view flags = std::string_view(format).substr(i + 1, end - i - 1);
        text += format[end] == '%' ? "%" : conversion(format[end], flags, argument(values, used++, "printf"));
        i = end;
    }
    return text;
}

std::string print_values(const Values& values, bool always_blank) {
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
        // Go's Print puts a blank between two values if neither is a text.
        if (i > 0 && (always_blank || (!values[i].is_string() && !values[i - 1].is_string()))) text += ' ';
        text += go_text(values[i]);
    }
    return text;
}

Json truncate(const Values& values) {
    const auto size = number_argument(values, 1, "truncate");
    return text_argument(values, 0, "truncate").substr(0, static_cast<std::size_t>(std::max<std::int64_t>(size, 0)));
}

using Function = std::function<Json(const Values&)>;

const std::map<std::string, Function>& functions() {
    static const std::map<std::string, Function> all = {
        {"json", [](const Values& v) { return Json(wire::dump(argument(v, 0, "json"))); }},
        {"join", join_list},
        {"split", split_text},
        {"lower", [](const Values& v) { return change_case(v, std::tolower); }},
        {"upper", [](const Values& v) { return change_case(v, std::toupper); }},
        {"title", title_case},
        {"pad", pad},
        {"truncate", truncate},
        {"index", index},
        {"len", length},
        {"printf", printf_values},
        {"print", [](const Values& v) { return Json(print_values(v, false)); }},
        {"println", [](const Values& v) { return Json(print_values(v, true) + "\n"); }},
        {"urlquery", [](const Values& v) { return Json(wire::percent_encode(text_argument(v, 0, "urlquery"))); }},
        {"not", [](const Values& v) { return Json(!go_truth(argument(v, 0, "not"))); }},
        {"and",
         [](const Values& v) {
             const auto it = std::find_if(v.begin(), v.end(), [](const Json& one) { return !go_truth(one); });
             return it == v.end() ? argument(v, v.size() - 1, "and") : *it;
         }},
        {"or",
         [](const Values& v) {
             const auto it = std::find_if(v.begin(), v.end(), go_truth);
             return it == v.end() ? argument(v, v.size() - 1, "or") : *it;
         }},
        {"eq", any_equal},
        {"ne", [](const Values& v) { return Json(argument(v, 0, "ne") != argument(v, 1, "ne")); }},
        {"lt", [](const Values& v) { return Json(less(argument(v, 0, "lt"), argument(v, 1, "lt"))); }},
        {"le", [](const Values& v) { return Json(!less(argument(v, 1, "le"), argument(v, 0, "le"))); }},
        {"gt", [](const Values& v) { return Json(less(argument(v, 1, "gt"), argument(v, 0, "gt"))); }},
        {"ge", [](const Values& v) { return Json(!less(argument(v, 0, "ge"), argument(v, 1, "ge"))); }}};
    return all;
}

}  // namespace

std::string go_text(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_null()) return "<no value>";
    std::vector<std::string> parts;
    if (value.is_array()) {
        for (const auto& one : value) parts.push_back(go_text(one));
        return "[" + join(parts, " ") + "]";
    }
    if (value.is_object()) {
        for (const auto& [key, one] : value.items()) parts.push_back(key + ":" + go_text(one));
        return "map[" + join(parts, " ") + "]";
    }
    return value.dump();
}

bool go_truth(const Json& value) {
    if (value.is_boolean()) return value.get<bool>();
    if (value.is_number()) return value != 0;
    if (value.is_string()) return !value.get_ref<const std::string&>().empty();
    return !value.is_null() && !value.empty();
}

Json call_function(const std::string& name, const std::vector<Json>& arguments) {
    const auto it = functions().find(name);
    if (it == functions().end())
        throw UsageError(fmt::format("--format: function \"{}\" is not defined", escape_for_terminal(name)));
    return it->second(arguments);
}

}  // namespace hoist::cli
