// SPDX-License-Identifier: Apache-2.0
#include "api/ps_columns.h"

#include <sys/sysmacros.h>
#include <time.h>

#include "base/error.h"
#include "base/text.h"

namespace hoist::api {
namespace {

using Process = runtime::ProcessFacts;
using Show = std::string (*)(const Process&, const PsFacts&);

std::int64_t seconds(Nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

double cpu_share(const Process& it, const PsFacts& facts) {
    const auto age = std::max<double>(static_cast<double>((facts.now - it.started).count()), 1);
    return std::min(100.0 * static_cast<double>(it.cpu.count()) / age, 9999.0);
}

std::string terminal(const Process& it) {
    if (it.terminal == 0) return "?";
    const unsigned kind = major(static_cast<dev_t>(it.terminal)), number = minor(static_cast<dev_t>(it.terminal));
    if (kind >= 136 && kind < 144) return fmt::format("pts/{}", (kind - 136) * 256 + number);
    return fmt::format("tty{}", number);
}

/// "hh:mm:ss", with days in front if there are any; `brief` "mm:ss".
std::string clock_text(std::int64_t total, bool brief) {
    const auto days = total / 86400, hours = total / 3600 % 24, minutes = total / 60 % 60, rest = total % 60;
    if (brief) return fmt::format("{}:{:02}", total / 60, rest);
    return (days ? fmt::format("{}-", days) : "") + fmt::format("{:02}:{:02}:{:02}", hours, minutes, rest);
}

/// The time of day for what began today, else the day, else the year.
std::string start_text(const Process& it, const PsFacts& facts) {
    const auto parts = [](TimePoint time) {
        const std::time_t count = seconds(time.time_since_epoch());
        std::tm found{};
        ::localtime_r(&count, &found);
        return found;
    };
    const std::tm began = parts(it.started), today = parts(facts.now);
    const bool this_year = began.tm_year == today.tm_year;
    char text[32];
    std::strftime(text, sizeof text,
                  this_year && began.tm_yday == today.tm_yday ? "%H:%M"
                  : this_year                                 ? "%b%d"
                                                              : "%Y",
                  &began);
    return text;
}

std::string state_text(const Process& it) {
    std::string text(1, it.state);
    if (it.nice < 0) text += '<';
    if (it.nice > 0) text += 'N';
    if (it.session == it.pid) text += 's';
    if (it.threads > 1) text += 'l';
    return text;
}

template <auto Field>
std::string number(const Process& it, const PsFacts&) {
    return std::to_string(it.*Field);
}
std::string kibibytes(std::uint64_t bytes) {
    return std::to_string(bytes / 1024);
}

struct Column {
    const char *name, *title;
    Show show;
};

// As ps names them; the first of several names of one column is the usual.
const Column columns[] = {
    {"pid", "PID", number<&Process::pid>},
    {"ppid", "PPID", number<&Process::parent>},
    {"pgid", "PGID", number<&Process::group>},
    {"pgrp", "PGRP", number<&Process::group>},
    {"sid", "SID", number<&Process::session>},
    {"sess", "SESS", number<&Process::session>},
    {"uid", "UID", number<&Process::uid>},
    {"euid", "EUID", number<&Process::uid>},
    {"gid", "GID", number<&Process::gid>},
    {"egid", "EGID", number<&Process::gid>},
    {"ni", "NI", number<&Process::nice>},
    {"nice", "NI", number<&Process::nice>},
    {"nlwp", "NLWP", number<&Process::threads>},
    {"thcount", "THCNT", number<&Process::threads>},
    {"user", "USER", [](const Process& it, const PsFacts& facts) { return facts.user_name(it.uid); }},
    {"euser", "EUSER", [](const Process& it, const PsFacts& facts) { return facts.user_name(it.uid); }},
    {"uname", "USER", [](const Process& it, const PsFacts& facts) { return facts.user_name(it.uid); }},
    {"c", "C", [](const Process& it, const PsFacts& f) { return std::to_string(std::min(99, int(cpu_share(it, f)))); }},
    {"pcpu", "%CPU", [](const Process& it, const PsFacts& f) { return fmt::format("{:.1f}", cpu_share(it, f)); }},
    {"%cpu", "%CPU", [](const Process& it, const PsFacts& f) { return fmt::format("{:.1f}", cpu_share(it, f)); }},
    {"pmem", "%MEM",
     [](const Process& it, const PsFacts& f) {
         return fmt::format("{:.1f}", 100.0 * double(it.memory) / double(std::max<std::uint64_t>(f.machine_memory, 1)));
     }},
    {"%mem", "%MEM",
     [](const Process& it, const PsFacts& f) {
         return fmt::format("{:.1f}", 100.0 * double(it.memory) / double(std::max<std::uint64_t>(f.machine_memory, 1)));
     }},
    {"rss", "RSS", [](const Process& it, const PsFacts&) { return kibibytes(it.memory); }},
    {"rssize", "RSS", [](const Process& it, const PsFacts&) { return kibibytes(it.memory); }},
    {"rsz", "RSZ", [](const Process& it, const PsFacts&) { return kibibytes(it.memory); }},
    {"vsz", "VSZ", [](const Process& it, const PsFacts&) { return kibibytes(it.virtual_memory); }},
    {"vsize", "VSZ", [](const Process& it, const PsFacts&) { return kibibytes(it.virtual_memory); }},
    {"s", "S", [](const Process& it, const PsFacts&) { return std::string(1, it.state); }},
    {"state", "S", [](const Process& it, const PsFacts&) { return std::string(1, it.state); }},
    {"stat", "STAT", [](const Process& it, const PsFacts&) { return state_text(it); }},
    {"tty", "TT", [](const Process& it, const PsFacts&) { return terminal(it); }},
    {"tt", "TT", [](const Process& it, const PsFacts&) { return terminal(it); }},
    {"tname", "TTY", [](const Process& it, const PsFacts&) { return terminal(it); }},
    {"stime", "STIME", start_text},
    {"start_time", "START", start_text},
    {"start", "STARTED", start_text},
    {"time", "TIME", [](const Process& it, const PsFacts&) { return clock_text(seconds(it.cpu), false); }},
    {"cputime", "TIME", [](const Process& it, const PsFacts&) { return clock_text(seconds(it.cpu), false); }},
    {"bsdtime", "TIME", [](const Process& it, const PsFacts&) { return clock_text(seconds(it.cpu), true); }},
    {"etime", "ELAPSED",
     [](const Process& it, const PsFacts& f) { return clock_text(seconds(f.now - it.started), false); }},
    {"etimes", "ELAPSED",
     [](const Process& it, const PsFacts& f) { return std::to_string(seconds(f.now - it.started)); }},
    {"comm", "COMMAND", [](const Process& it, const PsFacts&) { return it.name; }},
    {"ucmd", "CMD", [](const Process& it, const PsFacts&) { return it.name; }},
    {"args", "COMMAND", [](const Process& it, const PsFacts&) { return it.command; }},
    {"command", "COMMAND", [](const Process& it, const PsFacts&) { return it.command; }},
    {"cmd", "CMD", [](const Process& it, const PsFacts&) { return it.command; }},
};

/// A column with the title that it is to have.
struct Wanted {
    const Column* column;
    std::string title;
};

Wanted column(const std::string& name, const std::string& title = {}) {
    std::string known;
    for (const auto& one : columns) {
        if (name == one.name) return {&one, title.empty() ? one.title : title};
        (known += known.empty() ? "" : " ") += one.name;
    }
    fail(Kind::invalid, "top: there is no column '{}'; there are {}", name, known);
}

std::vector<Wanted> full_format() {
    return {column("user", "UID"), column("pid"),          column("ppid"), column("c"),
            column("stime"),       column("tname", "TTY"), column("time"), column("cmd")};
}

std::vector<Wanted> bsd_format() {
    return {column("user"),       column("pid"),     column("%cpu"),         column("%mem"),
            column("vsz"),        column("rss"),     column("tname", "TTY"), column("stat"),
            column("start_time"), column("bsdtime"), column("command")};
}

/// "pid,user=OWNER": a title after '=' takes what is left of the text, as with ps.
void add_columns(const std::string& text, std::vector<Wanted>& wanted) {
    for (std::size_t at = 0; at <= text.size();) {
        const auto comma = std::min(text.find(',', at), text.size()), equals = text.find('=', at);
        if (equals < comma) return wanted.push_back(column(text.substr(at, equals - at), text.substr(equals + 1)));
        wanted.push_back(column(text.substr(at, comma - at)));
        at = comma + 1;
    }
}

std::vector<Wanted> wanted_columns(const std::string& arguments) {
    std::vector<std::string> words;
    for (const auto& word : split(arguments, ' '))
        if (!word.empty()) words.push_back(word);
    std::vector<Wanted> wanted;
    bool bsd = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool dashed = words[i][0] == '-';
        const std::string letters = words[i].substr(dashed);
        const auto option = letters.find_first_not_of(dashed ? "eAfFaxwly" : "auxwf");
        if (option == std::string::npos) {
            bsd = bsd || !dashed;
            continue;
        }
        if (letters[option] != 'o')
            fail(Kind::invalid, "top: there is no option '{}'; use -ef, aux, or -o with columns", words[i]);
        std::string list = letters.substr(option + 1);
        if (list.empty() && ++i < words.size()) list = words[i];
        add_columns(list, wanted);
    }
    if (!wanted.empty()) return wanted;
    return bsd ? bsd_format() : full_format();
}

}  // namespace

ProcessTable process_table(const std::vector<Process>& processes, const std::string& arguments, const PsFacts& facts) {
    const auto wanted = wanted_columns(arguments);
    ProcessTable table;
    for (const auto& [column, title] : wanted) table.titles.push_back(title);
    for (const auto& process : processes) {
        auto& row = table.rows.emplace_back();
        for (const auto& [column, title] : wanted) row.push_back(column->show(process, facts));
    }
    return table;
}

}  // namespace hoist::api
