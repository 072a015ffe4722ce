// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the trace buffers of all CPUs, and makes records of the events.
 *
 * A record is made by way of the text that the journal would have for it, so that what
 * holds for records holds for events.
 */
#include <errno.h>
#include <event-parse.h>
#include <kbuffer.h>
#include <string.h>
#include <unistd.h>

#include "kmodctl.h"

static const char prefix[] = "kmod_";

static const char *const outcomes[] = {
	"ok", "failed", "off", "name", "lsm", "policy", "loop", "busy", "killed", "error",
};

void event_free(struct event *event)
{
	if (!event->lost)
		record_free(&event->record);
	free(event);
}

/* The library does not extend signs. */
static s64 extended(u64 value, int size)
{
	int unused = 64 - size * 8;

	return (s64)(value << unused) >> unused;
}

static void write_site(FILE *stream, struct tep_event *format, struct tep_record *raw, u64 address)
{
	unsigned long long id = 0;
	char *site;

	tep_get_field_val(NULL, format, "id", raw, &id, 0);
	site = site_of(address, id);
	fputs(site, stream);
	free(site);
}

static void write_number(FILE *stream, const struct tep_format_field *field, u64 value)
{
	bool outcome = !strcmp(field->name, "outcome") || !strcmp(field->name, "reason");

	if (outcome && value < sizeof(outcomes) / sizeof(*outcomes))
		fputs(outcomes[value], stream);
	else if (field->flags & TEP_FIELD_IS_SIGNED)
		fprintf(stream, "%lld", extended(value, field->size));
	else
		fprintf(stream, "%llu", value);
}

static void write_field(FILE *stream, struct tep_event *format, struct tep_format_field *field,
			struct tep_record *raw)
{
	unsigned long long value = 0;
	const char *string;
	int length = 0;

	fprintf(stream, "%s=", field->name);
	if (field->flags & TEP_FIELD_IS_STRING) {
		string = tep_get_field_raw(NULL, format, field->name, raw, &length, 0);
		if (string)
			fprintf(stream, "%.*s", length, string);
	} else if (!tep_read_number_field(field, raw->data, &value)) {
		if (strcmp(field->name, "site"))
			write_number(stream, field, value);
		else
			write_site(stream, format, raw, value);
	}
}

/* The event as text, to be freed. */
static char *write_event(struct tep_event *format, struct tep_record *raw)
{
	struct tep_format_field *field;
	char *line = NULL;
	size_t length;
	FILE *stream = open_memstream(&line, &length);

	if (!stream)
		return text_copy("");
	for (field = format->format.fields; field; field = field->next) {
		write_field(stream, format, field, raw);
		if (field->next)
			fputc(' ', stream);
	}
	fclose(stream);
	return line;
}

static struct event *new_event(u64 boottime)
{
	struct event *event = grown(NULL, 0, sizeof(*event));

	event->boottime = boottime;
	event->lost = 0;
	return event;
}

static void take_event(struct ring *ring, struct tep_event *format, struct tep_record *raw)
{
	struct event *event = new_event(raw->ts);
	char *line = write_event(format, raw);
	const char *wrong = record_parse(&event->record, line);

	event->type = format->name;
	if (!strncmp(event->type, prefix, strlen(prefix)))
		event->type += strlen(prefix);
	if (wrong) {
		complain("malformed event %s: %s", format->name, wrong);
		ring->trouble = true;
		event_free(event);
	} else {
		queue_add(ring->queue, event);
	}
	free(line);
}

static void take_lost(struct ring *ring, u64 boottime, int lost)
{
	struct event *event = new_event(boottime);

	/* Negative if the number is not known. */
	event->lost = lost > 0 ? lost : 1;
	event->type = "lost";
	queue_add(ring->queue, event);
}

/* Takes the events of one page of the buffer. */
static void take_page(struct ring *ring)
{
	struct tep_handle *tep = trace_formats();
	struct tep_record raw = { 0 };
	struct tep_event *format;
	unsigned long long ts;

	kbuffer_load_subbuffer(ring->kbuffer, ring->page);
	raw.data = kbuffer_read_event(ring->kbuffer, &ts);
	if (raw.data && kbuffer_missed_events(ring->kbuffer))
		take_lost(ring, ts, kbuffer_missed_events(ring->kbuffer));
	while (raw.data) {
		raw.ts = ts;
		raw.size = kbuffer_event_size(ring->kbuffer);
		format = tep_find_event_by_record(tep, &raw);
		if (format)
			take_event(ring, format, &raw);
		kbuffer_next_event(ring->kbuffer, NULL);
		raw.data = kbuffer_read_event(ring->kbuffer, &ts);
	}
}

/* A buffer's worth at most: new events may come faster than they are taken. */
static void read_cpu(struct ring *ring, int fd)
{
	size_t pages = TRACE_BUFFER_KB * 1024 / ring->page_size + 1;

	while (pages-- && read(fd, ring->page, ring->page_size) > 0)
		take_page(ring);
}

/* Takes what is there. */
void ring_read(struct ring *ring)
{
	int cpu;

	for (cpu = 0; cpu < ring->cpu_count; cpu++)
		if (ring->fds[cpu] >= 0)
			read_cpu(ring, ring->fds[cpu]);
}

static bool open_cpu(struct ring *ring, int cpu)
{
	char *path = text("per_cpu/cpu%d/trace_pipe_raw", cpu);

	ring->fds[cpu] = trace_open(path);
	if (ring->fds[cpu] < 0 && errno != ENOENT) {
		complain("%s: %s", path, strerror(errno));
		free(path);
		return false;
	}
	free(path);
	return true;
}

bool ring_open(struct ring *ring, struct queue *queue)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	*ring = (struct ring){ .queue = queue };
	ring->page_size = tep_get_sub_buffer_size(trace_formats());
	ring->page = malloc(ring->page_size);
	ring->kbuffer = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
	ring->fds = calloc(cpus, sizeof(*ring->fds));
	if (!ring->page || !ring->kbuffer || !ring->fds) {
		complain("out of memory");
		return false;
	}
	for (ring->cpu_count = 0; ring->cpu_count < cpus; ring->cpu_count++)
		if (!open_cpu(ring, ring->cpu_count))
			return false;
	return true;
}

void ring_close(struct ring *ring)
{
	int cpu;

	for (cpu = 0; cpu < ring->cpu_count; cpu++)
		if (ring->fds[cpu] >= 0)
			close(ring->fds[cpu]);
	free(ring->fds);
	kbuffer_free(ring->kbuffer);
	free(ring->page);
}
