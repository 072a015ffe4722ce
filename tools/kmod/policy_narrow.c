// SPDX-License-Identifier: GPL-2.0-only
/*
 * The narrowest rule that allows a request.
 */
#include <string.h>

#include "policy.h"
#include "policy_narrow.h"

/* Returns the pattern that matches exactly the name, or NULL. The caller must free it. */
char *pattern_of(const char *escaped)
{
	struct bytes pattern = { 0 };
	char byte;

	while (*escaped) {
		byte = take_byte(&escaped);
		if (byte <= ' ' || byte > '~') {
			bytes_free(&pattern);
			return NULL;
		}
		if (strchr("*?[\\", byte))
			bytes_add(&pattern, "\\", 1);
		bytes_add(&pattern, &byte, 1);
	}
	return pattern.data;
}

/* A container can give its groups any names, but a rule cannot have all of them. */
static bool is_plain(const char *path)
{
	for (; *path; path++)
		if (*path <= ' ' || *path > '~')
			return false;
	return true;
}

static void add_escaped(struct bytes *pattern, const char *path, size_t length)
{
	for (; length; length--, path++) {
		if (strchr("*?[\\", *path))
			bytes_add(pattern, "\\", 1);
		bytes_add(pattern, path, 1);
	}
}

#define HEX	"0123456789abcdef"
#define DECIMAL	"0123456789"

/*
 * Units of containers and of systemd-run(1) have an id, which is another one each time. systemd-run
 * also starts services.
 */
static const struct {
	const char *prefix;
	const char *digits;
	size_t length;		/* of the id; 0: any */
	bool service;
} containers[] = {
	{ "docker-", HEX, 64, false },
	{ "libpod-", HEX, 64, false },
	{ "libpod-conmon-", HEX, 64, false },
	{ "crio-", HEX, 64, false },
	{ "crio-conmon-", HEX, 64, false },
	{ "cri-containerd-", HEX, 64, false },
	{ "run-r", HEX, 32, true },
	{ "run-u", DECIMAL, 0, true },
};

/* True if the path begins with this component. */
static bool has_component(const char *path, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(path, name, length) && (!path[length] || path[length] == '/');
}

/* Returns the length of the part of a name that is the same for each container, or 0. */
size_t container_prefix(const char *name)
{
	size_t i, prefix, digits;
	const char *suffix;

	for (i = 0; i < sizeof(containers) / sizeof(*containers); i++) {
		prefix = strlen(containers[i].prefix);
		if (strncmp(name, containers[i].prefix, prefix))
			continue;
		digits = strspn(name + prefix, containers[i].digits);
		suffix = name + prefix + digits;
		if (!digits || (containers[i].length && digits != containers[i].length))
			continue;
		if (has_component(suffix, ".scope") ||
		    (containers[i].service && has_component(suffix, ".service")))
			return prefix;
	}
	return 0;
}

/* True if the name is that of a unit of systemd that has processes. */
bool is_unit(const char *name, size_t length)
{
	static const char *const suffixes[] = {
		".service", ".scope", ".mount", ".socket", ".swap",
	};
	size_t i, size;

	for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		size = strlen(suffixes[i]);
		if (length > size && !strncmp(name + length - size, suffixes[i], size))
			return true;
	}
	return false;
}

/*
 * Returns the pattern of the control group of a service or a container with all groups below it,
 * or NULL if the path has neither: users move from session to session.
 */
char *cgroup_of(const char *path)
{
	const char *name = path, *slash, *suffix;
	struct bytes pattern = { 0 };
	size_t prefix, length;

	if (*path != '/' || !is_plain(path) ||
	    !strncmp(path, "/user.slice/", strlen("/user.slice/")))
		return NULL;
	while ((slash = strchr(name, '/'))) {
		name = slash + 1;
		length = strcspn(name, "/");
		if (!is_unit(name, length))
			continue;
		prefix = container_prefix(name);
		suffix = memrchr(name, '.', length);
		add_escaped(&pattern, path, (size_t)(name - path) + (prefix ? prefix : length));
		if (prefix) {
			bytes_add(&pattern, "*", 1);
			bytes_add(&pattern, suffix, (size_t)(name + length - suffix));
		}
		bytes_add(&pattern, "/**", 3);
		if (pattern.length > MAX_CGROUP)
			bytes_free(&pattern);
		return pattern.data;
	}
	return NULL;
}

/*
 * Returns the qualifiers that do not depend on the user: those of a service or a container, or ""
 * for a module, whose rules have none. NULL if the user decides. The caller must free them.
 */
char *scope_of(const struct record *record)
{
	const char *kind = record_text(record, "kind");
	char *path, *raw, *cgroup, *scope;

	if (kind && !strcmp(kind, "module"))
		return text_copy("");
	path = cgroup_path(record);
	raw = unescaped(path ? path : "");
	cgroup = cgroup_of(raw);
	free(path);
	free(raw);
	scope = cgroup ? text(" cgroup %s", cgroup) : NULL;
	free(cgroup);
	return scope;
}
