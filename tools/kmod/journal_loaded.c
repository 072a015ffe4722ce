// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modules that a request has loaded, including those whose init failed.
 */
#include <json-c/json.h>
#include <string.h>

#include "journal.h"

static bool has_failed(const struct record *module)
{
	return !strcmp(record_text(module, "state"), "failed");
}

static void print_module(FILE *stream, const struct record *module)
{
	fprintf(stream, "%s%s", record_text(module, "module"),
		has_failed(module) ? "(failed)" : "");
}

/* Returns names separated by spaces, or "-". The kernel may have forgotten some of them. */
char *describe_loaded(const struct journal *modules, const struct record *request)
{
	u64 id = record_number(request, "id"), number = record_number(request, "modules");
	u64 found = 0;
	char *all = NULL;
	size_t length, i;
	FILE *stream = open_memstream(&all, &length);

	if (!stream)
		return text_copy("?");
	for (i = 0; i < modules->count; i++) {
		if (record_number(&modules->records[i], "id") != id)
			continue;
		fputs(found++ ? " " : "", stream);
		print_module(stream, &modules->records[i]);
	}
	if (!found && !number)
		fputc('-', stream);
	else if (found < number)
		fprintf(stream, "%s(%llu more)", found ? " " : "", number - found);
	fclose(stream);
	return all;
}

/* Returns the names of the modules of the request, or only of those whose init failed. */
struct json_object *json_of_loaded(const struct journal *modules, u64 id, bool failed)
{
	struct json_object *names = json_object_new_array();
	const struct record *module;
	size_t i;

	for (i = 0; i < modules->count; i++) {
		module = &modules->records[i];
		if (record_number(module, "id") != id || (failed && !has_failed(module)))
			continue;
		json_object_array_add(names,
				      json_object_new_string(record_text(module, "module")));
	}
	return names;
}
