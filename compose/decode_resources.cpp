// SPDX-License-Identifier: Apache-2.0
// Service keys about devices and shares of them, and keys that other hosts have and this one has not.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compose/draft.h"

namespace hoist::compose {
namespace {

void read_rates(ServiceDecoder& d, const std::string& key, const Node& node, const char* amount, bool in_bytes,
                std::vector<DeviceRate>& out) {
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        DeviceRate rate;
        read_fields(d.values, d.project, key, item,
                    {{"path", [&](const Node& n) { d.values.read(key + ".path", n, rate.path); }},
                     {amount, [&](const Node& n) {
                          Bytes bytes;
                          if (!in_bytes) return d.values.read(key, n, rate.rate);
                          d.values.read(key, n, bytes);
                          rate.rate = bytes.count;
                      }}});
        if (item.is_map() && !rate.path.starts_with('/'))
            d.values.error("C05", item.where, fmt::format("`{}`: `path` must be the device's absolute path", key));
        out.push_back(std::move(rate));
    }
}

}  // namespace

void decode_block_io(ServiceDecoder& d, const std::string& key, const Node& node) {
    BlockIo& io = d.service.block_io;
    const auto rates = [&](const char* name, bool in_bytes, std::vector<DeviceRate>& out) {
        return [&d, name, in_bytes, &out](const Node& n) { read_rates(d, name, n, "rate", in_bytes, out); };
    };
    read_fields(d.values, d.project, key, node,
                {{"weight",
                  [&](const Node& n) {
                      d.values.read("blkio_config.weight", n, io.weight);
                      if (io.weight && *io.weight != 0 && (*io.weight < 10 || *io.weight > 1000))
                          d.values.error("C05", n.where, "`blkio_config.weight` is between 10 and 1000");
                  }},
                 {"weight_device",
                  [&](const Node& n) { read_rates(d, "weight_device", n, "weight", false, io.weight_device); }},
                 {"device_read_bps", rates("device_read_bps", true, io.read_bps)},
                 {"device_write_bps", rates("device_write_bps", true, io.write_bps)},
                 {"device_read_iops", rates("device_read_iops", false, io.read_iops)},
                 {"device_write_iops", rates("device_write_iops", false, io.write_iops)}});
}

/// Microseconds as a number, or a duration.
void decode_realtime(ServiceDecoder& d, const std::string& key, const Node& node) {
    auto& target = key == "cpu_rt_period" ? d.service.cpu_rt_period : d.service.cpu_rt_runtime;
    const bool number =
        node.is_scalar() && !node.text.empty() && node.text.find_first_not_of("0123456789") == std::string::npos;
    if (number) return d.values.read(key, node, target);
    std::optional<Nanoseconds> duration;
    d.values.read(key, node, duration);
    if (duration) target = std::chrono::duration_cast<std::chrono::microseconds>(*duration).count();
}

void read_device_requests(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (key == "gpus" && node.is_scalar() && node.text == "all") return;
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        std::vector<std::string> words;
        StringMap options;
        std::string driver;
        read_fields(d.values, d.project, key, item,
                    {{"capabilities", [&](const Node& n) { d.values.read("capabilities", n, words); }},
                     {"count",
                      [&](const Node& n) {
                          int count = 0;
                          if (!n.is_scalar() || n.text != "all") d.values.read("count", n, count);
                      }},
                     {"device_ids", [&](const Node& n) { d.values.read("device_ids", n, words); }},
                     {"driver", [&](const Node& n) { d.values.read("driver", n, driver); }},
                     {"options", [&](const Node& n) { d.values.read("options", n, options); }}});
        if (item.find("count") && item.find("device_ids"))
            d.values.error("C09", item.where, fmt::format("`{}`: `count` and `device_ids` exclude each other", key),
                           "keep one of them");
        if (key == "devices" && item.is_map() && !item.find("capabilities"))
            d.values.error("C04", item.where, "a reserved device needs `capabilities`", "write `capabilities: [gpu]`");
    }
}

namespace {

void read_models(ServiceDecoder& d, const Node& node) {
    if (!d.values.is_map("models", node)) return;
    std::string name;
    for (const auto& entry : node.entries) {
        d.draft.places["models." + entry.key] = entry.key_where;
        if (!entry.value.is_null())
            read_fields(d.values, d.project, "models." + entry.key, entry.value,
                        {{"endpoint_var", [&](const Node& n) { d.values.read("endpoint_var", n, name); }},
                         {"model_var", [&](const Node& n) { d.values.read("model_var", n, name); }}});
    }
}

void read_credential_spec(ServiceDecoder& d, const Node& node) {
    std::string text;
    const auto read = [&](const Node& n) { d.values.read("credential_spec", n, text); };
    read_fields(d.values, d.project, "credential_spec", node, {{"config", read}, {"file", read}, {"registry", read}});
}

void check_number(ServiceDecoder& d, const std::string& key, const Node& node, int most) {
    int number = 0;
    d.values.read(key, node, number);
    if (number < 0 || (most > 0 && number > most))
        d.values.error("C05", node.where, fmt::format("`{}`: {} is out of range", key, number));
}

}  // namespace

void decode_idle(ServiceDecoder& d, const std::string& key, const Node& node) {
    bool flag = false;
    if (key == "gpus")
        read_device_requests(d, key, node);
    else if (key == "models")
        read_models(d, node);
    else if (key == "credential_spec")
        read_credential_spec(d, node);
    else if (key == "cpu_count" || key == "cpu_percent")
        check_number(d, key, node, key == "cpu_percent" ? 100 : 0);
    else if (key == "use_api_socket")
        d.values.read(key, node, flag);
    else
        d.values.is_text(key, node);
    d.set_aside(key, d.draft.place(key), node);
}

}  // namespace hoist::compose
