import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.instance.FormInstance;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.reference.PrefixedRootFactory;
import org.javarosa.core.reference.Reference;
import org.javarosa.core.reference.ReferenceManager;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.parse.XFormParser;
import org.javarosa.xform.util.XFormUtils;

/**
 * JavaRosa, which ODK Collect runs on, asked the same as our rules. Reads form.xml, the lists beside it and each
 * instance*.xml of a folder; writes a line for each value of a relevant question and each broken rule.
 */
public class Settle {
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        new XFormsModule().registerModule();
        ReferenceManager.instance().addReferenceFactory(filesOf(folder));
        File[] instances = folder.toFile().listFiles((at, name) -> name.startsWith("instance"));
        Arrays.sort(instances);
        for (File instance : instances) {
            FormDef form = XFormUtils.getFormFromInputStream(Files.newInputStream(folder.resolve("form.xml")));
            restore(form, Files.readAllBytes(instance.toPath()));
            out.println("instance\t" + instance.getName());
            tell(form, form.getMainInstance().getRoot(), "", out);
        }
    }

    private static void restore(FormDef form, byte[] xml) {
        TreeElement saved = XFormParser.restoreDataModel(xml, null).getRoot();
        FormInstance instance = form.getMainInstance();
        TreeElement root = instance.getRoot().deepCopy(true);
        root.populate(saved, form);
        instance.setRoot(root);
        form.initialize(false, new InstanceInitializationFactory());
    }

    private static void tell(FormDef form, TreeElement element, String path, PrintStream out) {
        for (int i = 0; i < element.getNumChildren(); i++) {
            TreeElement child = element.getChildAt(i);
            String at = path + "/" + child.getName();
            if (child.isRelevant() && child.getMult() >= 0) {
                if (child.getNumChildren() > 0) tell(form, child, at, out);
                else leaf(form, child, at, out);
            }
        }
    }

    private static void leaf(FormDef form, TreeElement leaf, String at, PrintStream out) {
        boolean blank = leaf.getValue() == null;
        out.println("value\t" + at + "\t" + (blank ? "" : leaf.getValue().uncast().getString().replace("\n", "\\n")));
        if (blank && leaf.isRequired()) out.println("broken\t" + leaf.getName() + "\trequired");
        if (!blank && !form.evaluateConstraint(leaf.getRef(), leaf.getValue())) {
            out.println("broken\t" + leaf.getName() + "\tconstraint");
        }
    }

    private static PrefixedRootFactory filesOf(Path folder) {
        return new PrefixedRootFactory(new String[] {"file-csv"}) {
            @Override
            protected Reference factory(String terminal, String uri) {
                return new ListFile(folder.resolve(terminal.replaceFirst("^/+", "")), uri);
            }
        };
    }

    private record ListFile(Path path, String uri) implements Reference {
        @Override public boolean doesBinaryExist() { return Files.exists(path); }
        @Override public InputStream getStream() throws IOException { return Files.newInputStream(path); }
        @Override public String getURI() { return uri; }
        @Override public String getLocalURI() { return path.toString(); }
        @Override public boolean isReadOnly() { return true; }
        @Override public OutputStream getOutputStream() { throw new UnsupportedOperationException(); }
        @Override public void remove() { throw new UnsupportedOperationException(); }
        @Override public Reference[] probeAlternativeReferences() { return new Reference[0]; }
    }
}
