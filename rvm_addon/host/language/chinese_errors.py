"""What workers and errors say, in Simplified Chinese; `translations.heard` recognises the sentence."""

SENTENCES: dict[str, str] = {
    "The file “{path}” was not found": "未找到文件“{path}”",
    "Put the file back and press Continue; or choose it where it is now, then select the strip and press Matte "
    "Selected Strips.": "请将文件放回原处并按下“继续”；或重新选择其现在的位置，然后选中该片段并按下“抠像所选片段”。",
    "“{path}” cannot be read as a movie or picture{why}": "无法将“{path}”作为视频或图片读取{why}",
    "Make sure that its drive is there and that you may read it, and press Continue; "
    "the frames made so far are kept.": ("请确认其所在的驱动器可用且您有权读取，然后按下“继续”；已完成的帧会保留。"),
    "What was kept of a frame in “{path}” cannot be read{why}": "无法读取“{path}”中为某一帧保留的数据{why}",
    "Clear what is kept for changes in the preferences, and press Continue: the model looks again.": (
        "请在偏好设置中清除为修改而保留的数据，然后按下“继续”：模型会重新处理。"
    ),
    "it is the first of {count} that cannot be read; the others are made": (
        "它是 {count} 张无法读取的图片中的第一张；其余图片已完成"
    ),
    "“{path}” has another size than the first picture{why}": "“{path}”的尺寸与第一张图片不同{why}",
    "Scale it to the size of the others, or give it a strip of its own; the frames made so far are kept.": (
        "请将其缩放到与其他图片相同的尺寸，或单独放入一个片段；已完成的帧会保留。"
    ),
    "Check that the file plays; convert it to H.264, ProRes or PNG if it does.": (
        "请检查文件能否播放；若能，请转换为 H.264、ProRes 或 PNG。"
    ),
    "The model file “{path}” was not found": "未找到模型文件“{path}”",
    "Install the extension again, or choose another model file.": "请重新安装扩展，或选择其他模型文件。",
    "The model file “{path}” is damaged or is not the file it should be{why}": (
        "模型文件“{path}”已损坏或不是应有的文件{why}"
    ),
    "Delete the file and fetch the weights again (python3 build.py weights), or install the extension again.": (
        "请删除该文件并重新获取权重（python3 build.py weights），或重新安装扩展。"
    ),
    "The model file “{path}” is not the one that the job began with": "模型文件“{path}”不是任务开始时的那个文件",
    "Put the former file back and press Continue, or select the strip and press Matte Selected Strips: then all frames "
    "are made anew.": "请放回原来的文件并按下“继续”，或选中该片段并按下“抠像所选片段”：届时会重新生成所有帧。",
    "“{path}” is not a Robust Video Matting model{why}": "“{path}”不是 Robust Video Matting 模型{why}",
    "Choose an ONNX file exported by Robust Video Matting with 32-bit or 16-bit weights.": (
        "请选择由 Robust Video Matting 导出的 32 位或 16 位权重 ONNX 文件。"
    ),
    "“{path}” could not be written{why}": "无法写入“{path}”{why}",
    "Free some space and press Continue; or choose another output folder, then select the strip and press Matte "
    "Selected Strips: there, all frames are made anew.": (
        "请释放一些空间并按下“继续”；或选择其他输出文件夹，再选中该片段并按下“抠像所选片段”：所有帧会在那里重新生成。"
    ),
    "Let the folder be written to and press Continue; or choose another output folder, then select the strip and press "
    "Matte Selected Strips: there, all frames are made anew.": (
        "请使该文件夹可写入并按下“继续”；或选择其他输出文件夹，再选中该片段并按下“抠像所选片段”：所有帧会在那里重新生成。"
    ),
    "Free some space, or choose another output folder.": "请释放一些空间，或选择其他输出文件夹。",
    "Choose another output folder, or let this one be written to.": "请选择其他输出文件夹，或使此文件夹可写入。",
    "The device “{name}” cannot be used ({why}); the processor (CPU) is used instead": (
        "设备“{name}”无法使用（{why}）；改用处理器 (CPU)"
    ),
    "On “{name}” the model runs as it is, for its pieces do not run there ({why})": (
        "模型在“{name}”上按原样运行，因为其各部分无法在那里运行（{why}）"
    ),
    "Another Blender works on “{path}”{why}": "另一个 Blender 正在处理“{path}”{why}",
    "Wait until it is done there, or cancel it there.": "请等待那里完成，或在那里取消。",
    "The movie “{path}” could not be written{why}": "无法写入视频“{path}”{why}",
    "Free some space and press Continue; the frames are kept.": "请释放一些空间并按下“继续”；其帧会保留。",
    "Choose another format, then select the strip and press Matte Selected Strips; the frames are kept.": (
        "请选择其他格式，然后选中该片段并按下“抠像所选片段”；其帧会保留。"
    ),
    "Free some space and press Continue; or choose another format, then select the strip and press Matte Selected "
    "Strips. The frames are kept.": (
        "请释放一些空间并按下“继续”；或选择其他格式，然后选中该片段并按下“抠像所选片段”。其帧会保留。"
    ),
    "To have it made anew, select the result and press Update Result.": "要重新生成它，请选中其结果并按下“更新结果”。",
    "The movie has not been written yet; the frames are there": "视频尚未写出；其帧已存在",
    "The movie was not written, for the job was cancelled; its frames are there": "任务已取消，未写出视频；其帧已存在",
    "No movie was written, for Blender stopped unexpectedly (status {status}). Its log is “{path}”.": (
        "Blender 意外停止（状态 {status}），未写出视频。其日志位于“{path}”。"
    ),
    "No movie was written, for Blender stopped unexpectedly (status {status}). It may have run out of memory. "
    "Its log is “{path}”.": ("Blender 意外停止（状态 {status}），未写出视频。可能内存不足。其日志位于“{path}”。"),
    "The movie could not be written ({why}). Look into its log “{path}”.": (
        "无法写入视频（{why}）。请查看其日志“{path}”。"
    ),
    "The worker stopped unexpectedly ({why})": "工作进程意外停止（{why}）",
    "The Blender in the background stopped unexpectedly ({why})": "后台的 Blender 意外停止（{why}）",
    "Its log is “{path}”.": "其日志位于“{path}”。",
    "It may have run out of memory. Its log is “{path}”.": "可能内存不足。其日志位于“{path}”。",
    "Install the newest Microsoft Visual C++ Redistributable (x64). Its log is “{path}”.": (
        "请安装最新的 Microsoft Visual C++ Redistributable（x64）。其日志位于“{path}”。"
    ),
    "{library} cannot be loaded ({why})": "无法加载 {library}（{why}）",
    "On Windows, install the newest Microsoft Visual C++ Redistributable (x64); elsewhere, "
    "install the extension again.": (
        "在 Windows 上，请安装最新的 Microsoft Visual C++ Redistributable（x64）；在其他系统上，请重新安装扩展。"
    ),
    "On Windows, add the Media Feature Pack (Settings, System, Optional features) and install the newest Microsoft "
    "Visual C++ Redistributable (x64); elsewhere, install the extension again.": (
        "在 Windows 上，请添加媒体功能包（“设置”›“系统”›“可选功能”），并安装最新的 Microsoft Visual C++ "
        "Redistributable（x64）；在其他系统上，请重新安装扩展。"
    ),
    "Send the log “{path}” to the developers.": "请将日志“{path}”发送给开发者。",
    "The strip could not be rendered ({why})": "无法渲染该片段（{why}）",
    "Look into its log “{path}”.": "请查看其日志“{path}”。",
    "The job's folder “{path}” is gone{why}": "任务文件夹“{path}”已不存在{why}",
    "Bring it back and press Continue, or select the strip and press Matte Selected Strips.": (
        "请将其恢复并按下“继续”，或选中该片段并按下“抠像所选片段”。"
    ),
    "“{program}” could not be started ({why})": "无法启动“{program}”（{why}）",
    "Install the extension again.": "请重新安装扩展。",
    "Quit Blender and start it again: it may have been updated or moved meanwhile.": (
        "请退出并重新启动 Blender：它可能在此期间被更新或移动。"
    ),
    "Another file was opened; the frames go to “{path}”": "已打开其他文件；帧写入“{path}”",
    "The result of “{strip}” could not be put on the timeline as it should be ({why}); its frames are in “{path}”": (
        "“{strip}”的结果未能正确放到时间线上（{why}）；其帧位于“{path}”"
    ),
    "“{strip}” is gone or was renamed; its frames are in “{path}”": "“{strip}”已被删除或改名；其帧位于“{path}”",
    "“{strip}” has no free channel above it; its frames are in “{path}”": "“{strip}”上方没有空闲通道；其帧位于“{path}”",
    "“Keep for Changes (GB)” in the preferences was too little for all frames; to change the edges of the others, "
    "the model looks again. Raise it before the next job to avoid that": (
        "偏好设置中的“为修改而保留 (GB)”不足以容纳所有帧；更改其余帧的边缘时，模型会重新处理。"
        "要避免这种情况，请在下一个任务之前调高它"
    ),
    "“{name}” runs as it is; the model that comes along is cut into pieces, which is more than twice as fast": (
        "“{name}”按原样运行；自带的模型经过切分，速度快一倍以上"
    ),
    "The device “{name}” cannot be used ({why})": "设备“{name}”无法使用（{why}）",
    "Choose another device in the preferences.": "请在偏好设置中选择其他设备。",
    "No file is chosen as “{setting}” in the preferences of the extension": "扩展的偏好设置中没有为“{setting}”选择文件",
    "Choose one there, or another model or device.": "请在那里选择一个文件，或选择其他模型或设备。",
    "“{path}” ends early: {count} frames can be read of the {most} that it promises": (
        "“{path}”提前结束：它声称有 {most} 帧，只能读取 {count} 帧"
    ),
    "“{path}” ends early: its last picture stands for {count} more frames": (
        "“{path}”提前结束：其最后一张图片代替了之后的 {count} 帧"
    ),
    "Python in the project, such as a driver's, did not run while the strip was rendered: turn on Auto Run Python "
    "Scripts in the preferences (Save & Load), then select the result and press Update Result": (
        "渲染该片段时，项目中的 Python（例如驱动器）没有运行：请在偏好设置（保存与加载）中启用“自动运行 Python 脚本”，"
        "然后选中其结果并按下“更新结果”"
    ),
    # strips that cannot be matted
    "“{strip}” has no free channel above it; move it down, or unlock or unmute a channel above it": (
        "“{strip}”上方没有空闲通道；请将其下移，或将上方的通道解锁或取消静音"
    ),
    "“{strip}” plays a file that was not found: “{path}”": "“{strip}”播放的文件未找到：“{path}”",
    "“{strip}” plays a file that Blender cannot read: “{path}”": "“{strip}”播放的文件 Blender 无法读取：“{path}”",
    "“{strip}” shows a file that was not found: “{path}”": "“{strip}”显示的文件未找到：“{path}”",
    "“{strip}” shows a file that Blender cannot read: “{path}”": "“{strip}”显示的文件 Blender 无法读取：“{path}”",
    "“{strip}” was made from “{name}”, which is gone or was renamed, or no longer lies below it; undo that": (
        "“{strip}”由“{name}”生成，而后者已被删除或改名，或已不在其下方；请恢复原状"
    ),
    # settings that make no sense
    "downsample ratio: {ratio} leaves nothing to see of {width} x {height} pixels": (
        "降采样比例：{ratio} 使 {width} x {height} 像素的画面无可辨认"
    ),
    "black and white point: {black} and {white} do not rise from 0 to 1": (
        "黑场和白场：{black} 和 {white} 未在 0 到 1 之间递增"
    ),
    "grow: {count} pixels are more than {most}": "扩展：{count} 像素超过 {most}",
    "feather: {count} pixels are not between 0 and {most}": "羽化：{count} 像素不在 0 到 {most} 之间",
    "despill: {share} is not between 0 and 1": "去溢色：{share} 不在 0 到 1 之间",
    "format: JPEG has no alpha; a cut-out needs another format": "格式：JPEG 没有 Alpha；透明抠像需要其他格式",
    "background: {colour} is not a colour of three values from 0 to 255": (
        "背景：{colour} 不是由 0 到 255 的三个值组成的颜色"
    ),
    "background: “{text}” is not a colour like #00ff00": "背景：“{text}”不是 #00ff00 这样的颜色",
    "blur: {count} pixels are not above 0 and at most {most}": "模糊：{count} 像素不在 0 以上且不超过 {most}",
    "backdrop: choose the picture or movie that goes behind the person": "背景文件：请选择人物背后的图片或视频",
    "backdrop: it is interlaced; deinterlace it first": "背景文件：该视频为隔行扫描，请先去隔行",
    "model: its path must be absolute": "模型：其路径必须是绝对路径",
    "ratio: {ratio} is not above 0 and at most 1": "比例：{ratio} 不在 0 以上且不超过 1",
    "working size: {count} pixels are too few to see a person in": "工作尺寸：{count} 像素太少，无法辨认人物",
    "threads: {count} is less than none": "线程数：{count} 小于零",
    "device: “{name}” is none of {devices}, nor a plugin's absolute path": (
        "设备：“{name}”既不是 {devices} 之一，也不是插件的绝对路径"
    ),
    "job.json: it was written by another version of the extension": "job.json：由扩展的其他版本写入",
    "job.json: it does not describe a job ({why})": "job.json：它没有描述一个任务（{why}）",
    "source: there is nothing to matte": "源：没有可抠像的内容",
    "source: a movie is one file": "源：一个视频应是一个文件",
    "source: paths must be absolute": "源：路径必须是绝对路径",
    "source: there are no frames to matte": "源：没有可抠像的帧",
    "source: frames must be ascending and not negative": "源：帧号必须递增且不为负",
    "source: a frame beyond the last picture was asked for": "源：请求的帧超出了最后一张图片",
    # reasons in the sentences above; they come last, for some begin with a value, and would take those for it
    "its end was not seen": "未能得知其结束情况",
    "status {status}": "状态 {status}",
    "it is a file, not a folder": "它是文件，而不是文件夹",
    "it leads to a place that is not there": "它指向的位置不存在",
    "it has changed while it was read": "读取期间它已发生变化",
    "more of it could be read at a second look": "再次读取时能读到更多内容",
    "it ends before frame {frame}": "它在第 {frame} 帧之前就结束了",
    "its values are floating-point numbers, whose meaning the file does not tell": (
        "其数值为浮点数，而文件没有说明其含义"
    ),
    "its values are {kind} numbers; only those of 8 and 16 bits from nought on can be read": (
        "其数值类型为 {kind}；只能读取 8 位和 16 位无符号数值"
    ),
    "the alpha of a grey TIFF cannot be read": "无法读取灰度 TIFF 的 Alpha",
    "it belongs to another version of the extension, or to another frame": "它属于扩展的其他版本，或属于另一帧",
    "it is not whole ({why})": "它不完整（{why}）",
    "it is not whole": "它不完整",
    "it is no Targa picture without compression": "它不是未压缩的 Targa 图片",
    "it has no {names}": "它没有 {names}",
    "it wants {kind}; only floats of 32 and 16 bits are supported": "它需要 {kind}；仅支持 32 位和 16 位浮点数",
    "frames of {width} × {height} pixels do not go through it; if it was exported for another size, "
    "export it with dynamic sizes ({why})": (
        "它无法处理 {width} × {height} 像素的帧；如果它是为其他尺寸导出的，请以动态尺寸重新导出（{why}）"
    ),
    "of {width} × {height} pixels it makes a foreground of {foreground} and a matte of {matte}": (
        "对于 {width} × {height} 像素，它生成的前景为 {foreground}，蒙版为 {matte}"
    ),
    "the ONNX Runtime here does not offer it": "此处的 ONNX Runtime 不提供该设备",
    "ONNX Runtime {version} takes no plugins": "ONNX Runtime {version} 不支持插件",
    "it finds nothing on this machine to run on": "它在此计算机上找不到可用的设备",
    "its libraries or its driver are missing": "缺少其库或驱动程序",
    "OpenCV refuses to make a {format} of it": "OpenCV 拒绝将其编码为 {format}",
    "Blender wrote only a part of it; the disk may be full": "Blender 只写入了一部分；磁盘可能已满",
    "Blender could not write its sound ({why})": "Blender 无法写入其声音（{why}）",
    "Blender wrote {count} of {most} frames": "Blender 只写入了 {most} 帧中的 {count} 帧",
    "“{name}” is gone": "“{name}”已不存在",
    "its sha256 is {digest}, not {wanted}": "其 sha256 为 {digest}，而不是 {wanted}",
    "{format} has at most {most} pixels a side, not {width} × {height}; choose another format": (
        "{format} 每边最多 {most} 像素，而不是 {width} × {height}；请选择其他格式"
    ),
    "{count} bytes instead of {most}": "大小为 {count} 字节，而不是 {most} 字节",
    "{width} × {height} instead of {most} pixels": "{width} × {height} 像素，而不是 {most} 像素",
}
